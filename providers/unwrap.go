package providers

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"
)

// unwrap takes gzip and base64 off a text, as tools put them on to get past size limits and odd characters. A plain config is
// never touched: gzip has a signature that no text starts with, and neither JSON nor YAML with a mapping is base64, which has
// no brace, colon or blank; and what the base64 holds must look like something that people give as user data.
func unwrap(text []byte) ([]byte, error) {
	if inner, ok := wholeBase64(text); ok {
		text = inner
	}
	if !isGzip(text) {
		return text, nil
	}
	return gunzip(text)
}

func isGzip(text []byte) bool { return bytes.HasPrefix(text, []byte("\x1f\x8b\x08")) }

func gunzip(text []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(text))
	if err == nil {
		text, err = readAll(r, "what it holds")
	}
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return text, nil
}

// wholeBase64 decodes a text that is base64 from the first to the last byte and holds gzip or a known form of user data.
func wholeBase64(text []byte) ([]byte, bool) {
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) < 4 || !isBase64(trimmed[0]) || bytes.ContainsAny(trimmed[:min(len(trimmed), 512)], "{}:#<> \"'") {
		return nil, false
	}
	inner, err := standardBase64(trimmed)
	if err != nil || !looksGiven(inner) {
		return nil, false
	}
	return inner, true
}

func isBase64(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}

// looksGiven: a text starts like gzip, a config, or what is given in place of one.
func looksGiven(text []byte) bool {
	if isGzip(text) || bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) {
		return true
	}
	if _, _, other := NotConfig(text); other {
		return true
	}
	for line := range bytes.Lines(text) {
		if line = bytes.TrimRight(line, "\r\n"); bytes.HasPrefix(line, []byte("variant:")) || bytes.HasPrefix(line, []byte("version:")) {
			return true
		}
		if len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return false
}

// standardBase64 decodes RFC 4648 with padding; line ends may be anywhere (reference: platforms §1).
func standardBase64(text []byte) ([]byte, error) {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(out, text)
	if err != nil {
		return nil, fmt.Errorf("the user data is not base64: %w", err)
	}
	return out[:n], nil
}

// A foreign form is user data that other programs read.
type foreign struct {
	start, what, hint string
	cloudInit         bool // it is meant for cloud-init, which many platforms are shared with
}

// otherForms are told apart by how a text starts; the first row that fits counts.
func otherForms() []foreign {
	const (
		give   = "cloud-init reads it, this machine does not; give an Ignition or Butane config instead"
		script = "a config can bring it along as a file, and a unit that runs it"
		proxy  = "perhaps a proxy or a login page answered in place of the metadata service"
	)
	return []foreign{
		{"#cloud-config", "a cloud-config file", give, true},
		{"#cloud-boothook", "a cloud-init boothook", give, true},
		{"#include", "a list of files for cloud-init to include", "name them in ignition.config.merge of a config instead", true},
		{"#part-handler", "a cloud-init part handler", give, true},
		{"#upstart-job", "an upstart job", "write it as a systemd unit of a config instead", true},
		{"## template:", "a template", "render it before it is given to the machine", true},
		{"#systemd-userdata", "user data for systemd", "systemd imports credentials from it; give a config instead", true},
		{"#!", "a script", script, true},
		{"MIME-Version:", "a MIME message", give, true},
		{"Content-Type:", "a MIME message", give, true},
		{"From nobody", "a MIME message", give, true},
		{"{%", "a template", "render it before it is given to the machine", false},
		{"{{", "a template", "render it before it is given to the machine", false},
		{"apiVersion:", "a Kubernetes object", "take the config out of it", false},
		{"<!DOCTYPE", "an HTML page", proxy, false},
		{"<html", "an HTML page", proxy, false},
		{"<", "HTML or XML", proxy, false},
		{"\x1f\x8b", "damaged gzip", "pack it anew", false},
	}
}

// NotConfig recognises user data that other programs read, by how it starts: what it is, and what to do about it. JSON, and
// YAML that could be a Butane config, are none of these.
func NotConfig(text []byte) (what, hint string, ok bool) {
	f, ok := formOf(text)
	return f.what, f.hint, ok
}

func formOf(text []byte) (foreign, bool) {
	start := strings.TrimLeft(strings.TrimPrefix(string(text[:min(len(text), 4096)]), "\ufeff"), " \t\r\n")
	for _, f := range otherForms() {
		if len(start) >= len(f.start) && strings.EqualFold(start[:len(f.start)], f.start) {
			return f, true
		}
	}
	return foreign{}, false
}
