package load

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A parsed text is a tree, or says why it is none.
type parsed struct {
	root     tree.Node
	text     *diag.Document
	problems []diag.Problem
}

func failed(doc *diag.Document, p diag.Problem) parsed {
	return parsed{text: doc, problems: []diag.Problem{p}}
}

// parse finds out which form a text has and reads it. This is the one rule for every command and for a boot: what can be read as
// JSON is JSON; failing that, what can be read as YAML and names a variant is Butane. Of anything else it is said what it looks
// like.
func parse(arena *tree.Arena, doc *diag.Document) parsed {
	root, problem := arena.ParseJSON(doc)
	if problem == nil {
		return parsed{root: root, text: doc}
	}
	start := strings.TrimLeft(doc.Text, " \t\r\n")
	if what, hint := looksLike(start); what != "" {
		problem.Message, problem.Hint = "this is "+what+", not a config", hint
		return failed(doc, *problem)
	}
	yaml := parseYAML(arena, doc)
	switch {
	case yaml.root.Get("variant").Exists(), !yaml.root.Exists() && looksLikeYAML(yaml.text.Text):
		return yaml
	case yaml.root.Kind() == tree.Object && !strings.HasPrefix(start, "{"):
		what, hint := looksLikeMapping(yaml.root)
		problem.Message, problem.Hint = "this is "+what+", not a config", hint
	}
	return failed(doc, *problem)
}

// parseYAML reads a text as YAML, which may be in UTF-16.
func parseYAML(arena *tree.Arena, doc *diag.Document) parsed {
	if text := tree.Text16(doc.Text); text != doc.Text {
		doc = &diag.Document{Name: doc.Name, Text: text}
	}
	root, problems := arena.ParseYAML(doc)
	return parsed{root, doc, problems}
}

// looksLikeYAML: a line names a variant, or the first line with anything on it is a key.
func looksLikeYAML(text string) bool {
	first := true
	for line := range strings.Lines(text) {
		key, _, found := strings.Cut(line, ":")
		if found && strings.TrimPrefix(key, "\ufeff") == "variant" {
			return true
		}
		if bare := strings.TrimSpace(line); bare != "" && bare != "---" && bare[0] != '#' && bare[0] != '%' {
			if first && found && strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_ \t") == "" {
				return true
			}
			first = false
		}
	}
	return false
}

const (
	butaneHint = `a config is a JSON object: {"ignition": {"version": …}, …}, or YAML with the keys variant and version`
	cloudHint  = "cloud-init reads it; " + butaneHint
)

// looksLike names what a text that is no config most likely is, by how it starts; "" where nothing speaks for anything.
func looksLike(start string) (what, hint string) {
	known := []struct{ prefix, what, hint string }{
		{"#cloud-config", "a cloud-config file", cloudHint},
		{"#!", "a script", "cloud-init would run it; a config can bring it along as a file, and a unit that runs it"},
		{"MIME-Version:", "a MIME message", cloudHint},
		{"Content-Type:", "a MIME message", cloudHint},
		{"<", "HTML or XML", "perhaps a server sent an error page; " + butaneHint},
		{"\x1f\x8b", "gzip-compressed data", "decompress it first"},
	}
	for _, k := range known {
		if strings.HasPrefix(start, k.prefix) && !strings.HasPrefix(start, tree.MergeKey) {
			return k.what, k.hint
		}
	}
	return "", ""
}

// looksLikeMapping names what a YAML text without a variant most likely is, by its keys.
func looksLikeMapping(root tree.Node) (what, hint string) {
	has := func(keys ...string) bool {
		for _, key := range keys {
			if !root.Get(key).Exists() {
				return false
			}
		}
		return true
	}
	switch {
	case has("apiVersion", "kind"):
		if root.Get("kind").Text() == "MachineConfig" {
			return "a MachineConfig", "OpenShift reads it; the config is what its spec.config has, as JSON"
		}
		return "a Kubernetes object", "take the config out of its spec"
	case has("services"):
		return "a compose file", "podman or docker reads it; a config can bring it along as a file, and a unit that runs it"
	case has("ignition") && root.Get("ignition").Get("version").Exists():
		return "an Ignition config in YAML", "Ignition configs are JSON; in YAML, write variant: fcos and version: 1.7.0 in place of ignition.version, and keys like_this"
	case has("autoinstall"):
		return "an autoinstall file", "Ubuntu's installer reads it; " + butaneHint
	case has("storage") || has("systemd") || has("passwd") || has("boot_device"):
		return "YAML without a variant", "add the lines variant: fcos and version: 1.7.0, or those of another system"
	}
	return "YAML, but nothing that is known here", butaneHint
}
