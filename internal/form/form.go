// Package form calls a text by its name that is given in place of a config and is none: another program's, packed, or
// encoded. It goes by how the text starts; what a text says is the business of who reads it.
package form

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Form is what other programs read, or what has to be taken off a text before it can be read.
type Form struct {
	start      string
	What, Hint string
	CloudInit  bool // it is meant for cloud-init, which many platforms are shared with
}

// ConfigHint says what a config is.
const ConfigHint = `a config is a JSON object: {"ignition": {"version": …}, …}, or YAML with the keys variant ` +
	"and version"

const (
	cloudConfig = "#cloud-config"

	cloudHint    = "cloud-init reads it; " + ConfigHint
	scriptHint   = "cloud-init would run it; a config can bring it along as a file, and a unit that runs it"
	templateHint = "let the program that it was written for fill it in"
	decodeHint   = "decode it first"
	unpackHint   = "decompress it first"
	decryptHint  = "decrypt it first, if it is a config that was encrypted"
	pageHint     = "perhaps a server or a proxy sent an error page or a login page; " + ConfigHint
	fetchHint    = "fetch what it leads to, or name it in ignition.config.merge of a config"
)

// forms are told apart by how a text starts; the first row that fits counts.
var forms = []Form{
	{"#cloud-config-archive", "a cloud-config archive", cloudHint, true},
	{cloudConfig, "a cloud-config file", cloudHint, true},
	{"#cloud-boothook", "a boot hook of cloud-init", cloudHint, true},
	{"#include", "a cloud-init include file", "cloud-init reads it; name what it lists in ignition.config.merge of a " +
		"config instead", true},
	{"#part-handler", "a part handler of cloud-init", cloudHint, true},
	{"#upstart-job", "an upstart job", "write it as a systemd unit of a config instead", true},
	{"## template:", "a template of cloud-init", cloudHint, true},
	{"#systemd-userdata", "user data for systemd", "systemd imports credentials from it; " + ConfigHint, true},
	{"#!", "a script", scriptHint, true},
	{"MIME-Version:", "a MIME message", cloudHint, true},
	{"Content-Type:", "a MIME message", cloudHint, true},
	{"From nobody", "a MIME message", cloudHint, true},
	{"{%", "a template", templateHint, false},
	{"{{ ", "a template", templateHint, false},
	{"{{-", "a template", templateHint, false},
	{"{{.", "a template", templateHint, false},
	{"apiVersion:", "a Kubernetes object", "take the config out of it", false},
	{"<!DOCTYPE html", "an HTML page", pageHint, false},
	{"<html", "an HTML page", pageHint, false},
	{"<", "HTML or XML", pageHint, false},
	{"HTTP/1.", "an answer of a server with its header", "keep what follows the first blank line", false},
	{"http://", "a URL", fetchHint, false},
	{"https://", "a URL", fetchHint, false},
	{"data:", "a data: URL", fetchHint, false},
	{"%7B", "a text in percent-encoding", "decode it first", false},
	{"```", "a page of Markdown", "keep what stands between the two fences", false},
	{"version https://git-lfs", "a pointer of Git LFS", "get the file that it stands for: git lfs pull", false},
	{"-----BEGIN ", "a key, a certificate or an encrypted message", decryptHint, false},
	{"age-encryption.org/", "a file encrypted by age", decryptHint, false},
	{"$ANSIBLE_VAULT;", "an Ansible vault", decryptHint, false},
	{"\x1f\x8b\x08", "gzip-compressed data", unpackHint, false},
	{"\x1f\x8b", "damaged gzip", "pack it anew", false},
	{"\xfd7zXZ", "xz-compressed data", unpackHint, false},
	{"\x28\xb5\x2f\xfd", "zstd-compressed data", unpackHint, false},
	{"BZh", "bzip2-compressed data", unpackHint, false},
	{"PK\x03\x04", "a zip archive", "take the config out of it", false},
	{"\x7fELF", "a program", ConfigHint, false},
}

// Of names a text that is no config: by how it starts, as a tar archive, or as something in base64. JSON, and YAML that
// could be a Butane document, are none of these.
func Of(text string) (Form, bool) {
	if f, ok := ByStart(text); ok {
		return f, true
	}
	if isTar(text) {
		return Form{What: "a tar archive", Hint: "take the config out of it"}, true
	}
	if inner, ok := InBase64([]byte(text)); ok {
		return Form{What: nameOf(string(inner)) + " in base64", Hint: decodeHint}, true
	}
	return cutOff(text)
}

// cutOff names what is no whole base64, by how such texts start: with gzip, or with a brace and a quote.
func cutOff(text string) (Form, bool) {
	start := strings.TrimSpace(text[:min(len(text), 64)])
	switch {
	case strings.HasPrefix(start, "H4sI"):
		return Form{What: "gzip-compressed data in base64", Hint: decodeHint}, true
	case strings.HasPrefix(start, "eyJ"):
		return Form{What: "JSON in base64", Hint: decodeHint}, true
	}
	return Form{}, false
}

// ByStart is Of by how the text starts alone.
func ByStart(text string) (Form, bool) {
	start := startOf(text)
	for _, f := range forms {
		if len(start) < len(f.start) || !strings.EqualFold(start[:len(f.start)], f.start) {
			continue
		}
		// A comment that cloud-init looks for may stand above a document, and a merge key may start one.
		if f.IsCloudConfig() && NamesVariant(text) || f.start == "<" && strings.HasPrefix(start, tree.MergeKey) {
			return Form{}, false
		}
		return f, true
	}
	return Form{}, false
}

// startOf is the beginning of a text, without blanks and a byte order mark.
func startOf(text string) string {
	return strings.TrimLeft(string(tree.Readable([]byte(text[:min(len(text), 4096)]))), " \t\r\n")
}

// IsCloudConfig: the text is one of the files that cloud-init is most often given.
func (f Form) IsCloudConfig() bool { return strings.HasPrefix(f.start, cloudConfig) }

// NamesVariant tells whether a text has a key of Butane documents that cloud-config has not, at the start of a line.
func NamesVariant(text string) bool {
	for line := range strings.Lines(string(tree.Readable([]byte(text)))) {
		if key, _, found := strings.Cut(line, ":"); found && strings.TrimRight(key, " \t") == "variant" {
			return true
		}
	}
	return false
}

// isTar: the mark of a header block (tar(5), "ustar").
func isTar(text string) bool {
	const at = 257
	return len(text) >= 512 && strings.HasPrefix(text[at:], "ustar")
}
