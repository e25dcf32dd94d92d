package providers

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// unwrap takes gzip and base64 off a text, as tools put them on to get past size limits and odd characters. A plain
// config is never touched: gzip has a signature that no text starts with, and neither JSON nor YAML with a mapping is
// base64, which has no brace, colon or blank; and what the base64 holds must look like something that people give as
// user data.
func unwrap(text []byte) ([]byte, error) {
	if inner, ok := wholeBase64(tree.Readable(text)); ok {
		text = inner
	}
	if !isGzip(text) {
		return text, nil
	}
	return gunzip(text)
}

// inflatedMax is how much so many bytes of gzip may hold.
func inflatedMax(packed int) int64 { return fetch.InflatedMax(packed, textMax) }

func isGzip(text []byte) bool { return bytes.HasPrefix(text, []byte("\x1f\x8b\x08")) }

// gunzip unpacks all members of an archive. NULs after the last are no part of it: what is on a disk is padded.
func gunzip(text []byte) (out []byte, err error) {
	const name = "what it holds"
	most, rest := inflatedMax(len(text)), bytes.NewReader(text)
	var z gzip.Reader
	for {
		if err := z.Reset(rest); err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		z.Multistream(false)
		part, err := readMost(&z, name, most)
		if out = append(out, part...); err == nil && int64(len(out)) > most {
			err = tooLong(name, most)
		}
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		if padding := text[len(text)-rest.Len():]; len(bytes.TrimLeft(padding, "\x00")) == 0 {
			return out, nil
		}
	}
}

// unpadded takes NULs off the end of a text. Those of an archive stay, as archives end in NULs themselves; gunzip
// passes over the others.
func unpadded(text []byte) []byte {
	if isGzip(text) {
		return text
	}
	return bytes.TrimRight(text, "\x00")
}

// wholeBase64 decodes a text that is base64 from the first to the last byte and holds gzip or a known form of user
// data.
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
	if isGzip(text) || bytes.HasPrefix(bytes.TrimLeft(tree.Readable(text), " \t\r\n"), []byte("{")) {
		return true
	}
	if _, _, other := NotConfig(text); other {
		return true
	}
	for line := range bytes.Lines(tree.Readable(text)) {
		if line = bytes.TrimRight(line, "\r\n"); bytes.HasPrefix(line, []byte("variant:")) ||
			bytes.HasPrefix(line, []byte("version:")) {
			return true
		}
		if len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return false
}

// standardBase64 decodes RFC 4648 with padding; line ends may be anywhere (docs/peer/platforms.md §1). It is for where
// all user data is base64.
func standardBase64(text []byte) ([]byte, error) {
	text = bytes.TrimSpace(tree.Readable(text))
	out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(out, text)
	if err == nil {
		return out[:n], nil
	}
	if what, hint, known := NotConfig(text); known {
		return nil, diag.WithHint(fmt.Errorf("the user data is not base64 but %s", what), hint)
	}
	return nil, diag.WithHint(fmt.Errorf("the user data is not base64: %w", err),
		"whoever gives user data here has to encode it in base64 first")
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
		{cloudConfig, "a cloud-config file", give, true},
		{"#cloud-boothook", "a cloud-init boothook", give, true},
		{"#include", "a list of files for cloud-init to include",
			"name them in ignition.config.merge of a config instead", true},
		{"#part-handler", "a cloud-init part handler", give, true},
		{"#upstart-job", "an upstart job", "write it as a systemd unit of a config instead", true},
		{"## template:", "a template", "render it before it is given to the machine", true},
		{"#systemd-userdata", "user data for systemd", "systemd imports credentials from it; give a config instead",
			true},
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

// NotConfig recognises user data that other programs read, by how it starts: what it is, and what to do about it. JSON,
// and YAML that could be a Butane config, are none of these.
func NotConfig(text []byte) (what, hint string, ok bool) {
	f, ok := formOf(text)
	return f.what, f.hint, ok
}

func formOf(text []byte) (foreign, bool) {
	start := strings.TrimLeft(string(tree.Readable(text[:min(len(text), 4096)])), " \t\r\n")
	for _, f := range otherForms() {
		if len(start) >= len(f.start) && strings.EqualFold(start[:len(f.start)], f.start) {
			return f, f.start != cloudConfig || !namesVariant(text)
		}
	}
	return foreign{}, false
}

// cloudConfig is how the files start that cloud-init is most often given. It is a comment in YAML, and may stand above
// a Butane document.
const cloudConfig = "#cloud-config"

func isCloudConfig(text []byte) bool {
	f, other := formOf(text)
	return other && f.start == cloudConfig
}

// namesVariant tells whether a text has a key of Butane documents that cloud-config has not, at the start of a line.
func namesVariant(text []byte) bool {
	for line := range bytes.Lines(tree.Readable(text)) {
		if key, _, found := bytes.Cut(line, []byte(":")); found && string(bytes.TrimSpace(key)) == "variant" &&
			key[0] == 'v' {
			return true
		}
	}
	return false
}
