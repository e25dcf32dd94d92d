package lsp

import (
	"net/url"
	"path/filepath"
	"strings"
)

// fileOf gives the path of a file: URI (RFC 8089). Of another URI, such as that of a text that has no file yet, it is
// none.
func fileOf(uri string) (name string, is bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Path == "" {
		return "", false
	}
	name = u.Path
	if len(name) > 2 && name[0] == '/' && name[2] == ':' { // /c:/folder
		name = name[1:]
	} else if u.Host != "" && u.Host != "localhost" {
		name = "//" + u.Host + name
	}
	return filepath.FromSlash(name), true
}

// uriOf gives the URI of a file with an absolute path.
func uriOf(name string) string {
	name = filepath.ToSlash(name)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	return (&url.URL{Scheme: "file", Path: name}).String()
}

// nameOf is what people call the text of a URI.
func nameOf(uri string) string {
	if name, is := fileOf(uri); is {
		return name
	}
	return uri
}
