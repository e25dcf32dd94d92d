package source

import (
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
)

// Schemes is what the language says of the schemes of sources.
var Schemes = sync.OnceValue(func() config.Field { return config.FieldAt("*.source") })

// inWords lists the values of a version: "http, https and data".
func inWords(field config.Field, v config.Version, and string) string {
	names := config.Names(field.In(v))
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " " + and + " " + names[last]
}

// Check judges a non-empty source by the rules of a version. It takes what the peer
// takes (docs/peer/spec.md §4.2, R-URL); WarnURL tells of what passes here and cannot work.
func Check(raw string, v config.Version) *diag.Fault {
	if isData(raw) {
		return checkData(raw)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return urlFault(raw, err)
	}
	scheme, known := Schemes().Find(u.Scheme)
	switch {
	case !known:
		return schemeFault(u.Scheme, v)
	case scheme.Since > v:
		return &diag.Fault{
			Code:    codes.URLSchemeVersion,
			Message: language.CameWith("the scheme "+u.Scheme, scheme.Since, v),
			Hint:    language.SetVersion(scheme.Since),
		}
	}
	switch u.Scheme {
	case "s3":
		return checkVersionID(raw, u)
	case "arn":
		return checkARN(raw, u)
	case "data": // the prefix is not in lower case
		return &diag.Fault{
			Code:    codes.DataPrefix,
			Message: "the scheme of a data: URL is not in lower case",
			Hint:    "write data: in lower case",
			Write:   "data" + raw[len("data"):],
		}
	}
	return nil
}

// schemeFault is what is wrong with a scheme that no version has. Only well-known schemes are named: in
// `user:password@host` the text before the colon is a name.
func schemeFault(scheme string, v config.Version) *diag.Fault {
	f := &diag.Fault{Code: codes.URLScheme, Message: "not a scheme that a source may have",
		Hint: "a source starts with one of " + inWords(Schemes(), v, "and")}
	switch scheme {
	case "":
		f.Code, f.Message = codes.URLNoScheme, "a source must be a whole URL, and this one has no scheme"
	case "file", "oem":
		f.Message = "the scheme " + scheme + " is not one that a source may have"
		f.Hint = "put the content into the config as a data: URL, or serve it over http or https"
	case "ftp", "ftps", "sftp", "ssh", "scp", "nfs", "smb", "git":
		f.Message = "the scheme " + scheme + " is not one that a source may have"
	case "gcs":
		gs, _ := Schemes().Find("gs")
		f.Hint = fmt.Sprintf("Google Cloud Storage is gs://bucket/object, from version %s on", gs.Since)
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
		return &diag.Fault{Code: codes.ProxyScheme, Message: "the URL of the proxy is empty",
			Hint: "leave the key out to use no proxy", At: -1}
	case u.Scheme != "http" && u.Scheme != "https":
		return &diag.Fault{Code: codes.ProxyScheme, Message: "the URL of a proxy must be http or https",
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
		return &diag.Fault{Code: codes.URLTFTPControl, Message: "the name of a file for TFTP has a control character",
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
		return &diag.Fault{Code: codes.URLNoHost, Message: "the URL names no " + what, Hint: "write " + full, At: -1}
	case strings.Trim(u.Path, "/") == "" && (u.Scheme == "gs" || u.Scheme == "tftp"):
		return &diag.Fault{Code: codes.URLNoPath,
			Message: "the URL names no " + strings.Replace(path, "path", "file", 1), Hint: "write " + full, At: -1}
	}
	return nil
}
