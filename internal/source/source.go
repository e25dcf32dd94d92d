package source

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Newest is the minor version of the newest spec, 3.7.0-experimental.
const Newest = 7

// since gives the minor version of spec 3 that first takes a scheme (docs/peer/spec.md §2).
func since(scheme string) (minor int, known bool) {
	switch scheme {
	case "http", "https", "tftp", "s3", "data":
		return 0, true
	case "gs":
		return 2, true
	case "arn":
		return 4, true
	}
	return 0, false
}

// schemesAt lists the schemes of a version in words.
func schemesAt(minor int) string {
	list := "http, https, tftp, s3"
	if minor >= 2 {
		list += ", gs"
	}
	if minor >= 4 {
		list += ", arn"
	}
	return list + " and data"
}

// Check judges a non-empty source by the rules of spec 3.minor, at most Newest. It takes what the peer
// takes (docs/peer/spec.md §4.2, R-URL); WarnURL tells of what passes here and cannot work.
func Check(raw string, minor int) *diag.Fault {
	if isData(raw) {
		return checkData(raw)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return urlFault(raw, err)
	}
	from, known := since(u.Scheme)
	switch {
	case !known:
		return schemeFault(u.Scheme, minor)
	case minor < from:
		return &diag.Fault{
			Code:    "url-scheme-version",
			Message: fmt.Sprintf("spec 3.%d.0 does not have the scheme %s", minor, u.Scheme),
			Hint:    fmt.Sprintf("scheme %s needs spec 3.%d.0 or later", u.Scheme, from),
		}
	}
	switch u.Scheme {
	case "s3":
		return checkVersionID(raw, u)
	case "arn":
		return checkARN(raw, u)
	case "data": // the prefix is not in lower case
		return &diag.Fault{
			Code:    "data-prefix",
			Message: "the scheme of a data: URL is not in lower case",
			Hint:    "write data: in lower case",
		}
	}
	return nil
}

// schemeFault is what is wrong with a scheme that no version has. Only well-known schemes are named: in
// `user:password@host` the text before the colon is a name.
func schemeFault(scheme string, minor int) *diag.Fault {
	f := &diag.Fault{Code: "url-scheme", Message: "not a scheme that a source may have",
		Hint: "a source starts with one of " + schemesAt(minor)}
	switch scheme {
	case "":
		f.Code, f.Message = "url-no-scheme", "a source must be a whole URL, and this one has no scheme"
	case "file", "oem":
		f.Message = "the scheme " + scheme + " is not one that a source may have"
		f.Hint = "put the content into the config as a data: URL, or serve it over http or https"
	case "ftp", "ftps", "sftp", "ssh", "scp", "nfs", "smb", "git":
		f.Message = "the scheme " + scheme + " is not one that a source may have"
	case "gcs":
		f.Hint = "Google Cloud Storage is gs://bucket/object, from spec 3.2.0 on"
	}
	return f
}

// Scheme gives the scheme of a URL in lower case, "" where it has none, and whether the URL can be read at all. Whether
// the rest of a data: URL is right is not looked at.
func Scheme(raw string) (scheme string, ok bool) {
	if isData(raw) {
		return "data", true
	}
	u, err := url.Parse(raw)
	if err != nil {
		return "", false
	}
	return u.Scheme, true
}

// CheckProxy judges the URL of a proxy, which may not be empty (docs/peer/spec.md §4.3, R-PROXY). Scheme tells http
// from https.
func CheckProxy(raw string) *diag.Fault {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return urlFault(raw, err)
	case raw == "":
		return &diag.Fault{Code: "proxy-scheme", Message: "the URL of the proxy is empty",
			Hint: "leave the key out to use no proxy", At: -1}
	case u.Scheme != "http" && u.Scheme != "https":
		return &diag.Fault{Code: "proxy-scheme", Message: "the URL of a proxy must be http or https",
			Hint: "write http://host:port"}
	}
	return nil
}

// WarnURL tells why a source that Check takes cannot work all the same; nil where nothing is known against it.
func WarnURL(raw string) *diag.Fault {
	if isData(raw) {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil
	}
	switch u.Scheme {
	case "tftp":
		if f := CheckTFTP(u.Path); f != nil {
			return f
		}
		return warnHost(u)
	case "http", "https", "gs":
		return warnHost(u)
	case "s3", "arn":
		if _, fault := parseS3(raw, u); fault != nil {
			return fault
		}
	}
	return nil
}

// CheckTFTP tells why a path, without its escapes, is no name of a file for a TFTP server: a NUL byte ends the name
// within a request (RFC 1350 §5), and what comes after it is taken for the mode and for options.
func CheckTFTP(path string) *diag.Fault {
	if strings.ContainsFunc(path, isControl) {
		return &diag.Fault{Code: "url-tftp-control", Message: "the name of a file for TFTP has a control character",
			Hint: "name the file as the server does", At: -1}
	}
	return nil
}

func warnHost(u *url.URL) *diag.Fault {
	what, path := "host", "path"
	if u.Scheme == "gs" {
		what, path = "bucket", "object"
	}
	full := u.Scheme + "://" + what + "/" + path
	switch {
	case u.Hostname() == "":
		return &diag.Fault{Code: "url-no-host", Message: "the URL names no " + what, Hint: "write " + full, At: -1}
	case strings.Trim(u.Path, "/") == "" && (u.Scheme == "gs" || u.Scheme == "tftp"):
		return &diag.Fault{Code: "url-no-path", Message: "the URL names no " + strings.Replace(path, "path", "file", 1),
			Hint: "write " + full, At: -1}
	}
	return nil
}
