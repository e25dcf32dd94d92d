package source

import (
	"net/url"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

const ellipsis = "…"

// Redact gives a URL as it may be logged: userinfo, values of the query, fragment and the payload of a data: URL print
// as an ellipsis. What cannot be read as a URL prints as one ellipsis and nothing else.
func Redact(raw string) string {
	if isData(raw) {
		return redactData(raw)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return ellipsis
	}
	query, fragment, user := u.RawQuery, u.Fragment, u.User != nil
	strip(u)
	text := u.String()
	if user {
		if u.Host == "" { // String leaves out an empty host, and its slashes
			text = u.Scheme + "://" + u.EscapedPath()
		}
		text = strings.Replace(text, "//", "//"+ellipsis+"@", 1)
	}
	if query != "" {
		text += "?" + redactQuery(query)
	}
	if fragment != "" {
		text += "#" + ellipsis
	}
	return diag.Printable(text) // url.Parse lets bytes outside ASCII through
}

// Bare gives a URL without userinfo, query and fragment, as it may leave the machine: not even their being there is
// told. The rest is as by Redact.
func Bare(raw string) string {
	if isData(raw) {
		return dataPrefix + ellipsis
	}
	u, err := url.Parse(raw)
	if err != nil {
		return ellipsis
	}
	strip(u)
	return diag.Printable(u.String())
}

// strip takes off what may be secret.
func strip(u *url.URL) {
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	if u.Opaque != "" && u.Scheme != "arn" { // perhaps a user and a password without the slashes before them
		u.Opaque = ellipsis
	}
}

// redactData keeps the media type of a data: URL, if it has one of a sane size, and whether it is base64.
func redactData(raw string) string {
	header, _, _ := strings.Cut(raw[len(dataPrefix):], ",")
	kind, params, _ := strings.Cut(header, ";")
	if len(kind) > 64 || !strings.Contains(kind, "/") ||
		other(strings.Replace(kind, "/", "", 1), token) < len(kind)-1 || !knownType(kind) {
		kind = ""
	}
	if params == "base64" || strings.HasSuffix(params, ";base64") {
		kind += ";base64"
	}
	return dataPrefix + kind + "," + ellipsis
}

// redactQuery keeps the names of values. A part without a value is hidden whole: it may be a token, the = at its end
// padding.
func redactQuery(query string) string {
	var out strings.Builder
	for part := range strings.SplitSeq(query, "&") {
		if out.Len() > 0 {
			out.WriteByte('&')
		}
		if name, value, _ := strings.Cut(part, "="); strings.Trim(value, "=") != "" {
			out.WriteString(name)
			out.WriteByte('=')
		}
		out.WriteString(ellipsis)
	}
	return out.String()
}

// Path is a URL's path alone, as the state records it; "" for data: URLs and what does not parse.
func Path(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Path
}
