package load

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/form"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A parsed text is a tree, or the problems for which there is none.
type parsed struct {
	root     tree.Node
	text     *diag.Document
	document bool // a Butane document, rather than a config
	json     bool // the text is JSON
	problems []diag.Problem
}

func failed(doc *diag.Document, p diag.Problem) parsed {
	return parsed{text: doc, problems: []diag.Problem{p}}
}

// parse finds out which form a text has and reads it. This is the one rule for every command and for a boot: a text
// that can be read as JSON is JSON; failing that, a text that can be read as YAML and names a variant is a Butane
// document. Of any other text the problem says what it looks like.
func parse(arena *tree.Arena, doc *diag.Document) parsed {
	doc, mark := decoded(doc)
	root, problem := arena.ParseJSONAt(doc, len(markOf(doc.Text)))
	if problem == nil {
		p := parsed{root: root, text: doc, document: butane.Is(root), json: true}
		if mark != nil && !p.document {
			p.problems = append(p.problems, *mark)
		}
		return p
	}
	if noText(doc.Text, problem) {
		return failed(doc, *problem)
	}
	var yaml parsed
	if strings.Contains(doc.Text, "variant") || !strings.HasPrefix(strings.TrimLeft(doc.Text, " \t\r\n"), "{") {
		yaml = parseYAML(arena, doc)
	}
	if yaml.root.Get("variant").Exists() || yaml.text != nil && !yaml.root.Exists() && looksLikeYAML(doc.Text) {
		yaml.document = true
		return yaml
	}
	if what, hint := looksLike(doc.Text, yaml.root); what != "" {
		problem.Message, problem.Hint = "this is "+what+", not a config", hint
	}
	return failed(doc, *problem)
}

// parseYAML reads a text as YAML, which may be in UTF-16.
func parseYAML(arena *tree.Arena, doc *diag.Document) parsed {
	doc, _ = decoded(doc)
	root, problems := arena.ParseYAML(doc)
	return parsed{root: root, text: doc, document: true, problems: problems}
}

// looksLikeYAML: a line names a variant, or the first line that is neither blank nor a comment has a key, and is not
// the first line of a text for another program.
func looksLikeYAML(text string) bool {
	what, _ := byStart(text)
	first := what == ""
	for line := range strings.Lines(text) {
		key, _, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(strings.TrimPrefix(key, byteOrderMark)) == "variant" && line[0] != ' ' &&
			line[0] != '\t' {
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

const blankHint = "a file or a variable was empty when the config was written; " + form.ConfigHint

// looksLike names what a text that is no config most likely is: by its keys, then by its beginning. It gives "" where
// nothing is known, and for a text that is meant as JSON, where the mistake in the JSON says more.
func looksLike(text string, root tree.Node) (what, hint string) {
	start := afterComments(text)
	if start == "" {
		if what, hint = byStart(text); what == "" {
			what, hint = "a text of comments only", form.ConfigHint
		}
		return what, hint
	}
	if start = afterMarker(start); start == "" || root.Exists() && root.Kind() == tree.Null {
		return "a blank YAML document", blankHint
	}
	mapping := root.Kind() == tree.Object && start[0] != '{'
	if mapping {
		if what, hint = looksLikeMapping(root); what != "" {
			return what, hint
		}
	}
	if template, _ := byStart(start); start[0] == '{' && template == "" {
		return "", ""
	}
	what, hint = byStart(text)
	switch {
	case what != "":
	case mapping:
		what, hint = "YAML, but nothing that is known here", form.ConfigHint
	case strings.HasPrefix(start, "- ") || root.Kind() == tree.List && start[0] == '-':
		what, hint = "YAML, a list", form.ConfigHint
	default:
		what, hint = bySection(start)
	}
	return what, hint
}

// afterMarker skips the lines --- and ..., and comments, with which a text begins.
func afterMarker(text string) string {
	for {
		rest, found := strings.CutPrefix(text, "---")
		if !found {
			rest, found = strings.CutPrefix(text, "...")
		}
		if !found || strings.TrimLeft(rest, blanks) == rest && rest != "" {
			return text
		}
		text = afterComments(rest)
	}
}

// bySection names a text of sections, as [Unit] with lines of KEY=VALUE, by its first section.
func bySection(start string) (what, hint string) {
	for strings.HasPrefix(start, ";") {
		_, start, _ = strings.Cut(start, "\n")
		start = afterComments(start)
	}
	head, rest, _ := strings.Cut(start, "\n")
	head = strings.TrimSpace(head)
	name := strings.Trim(head, "[]")
	if head != "["+name+"]" || name == "" || strings.ContainsAny(name, `"'{}[],`) || !strings.Contains(rest, "=") {
		return "", ""
	}
	switch name {
	case "Unit", "Service", "Socket", "Timer", "Mount", "Automount", "Swap", "Path", "Slice", "Scope", "Install":
		return "a systemd unit", "a config brings it along as the contents of one of its systemd.units"
	case "Container", "Pod", "Kube", "Volume", "Image", "Build", "Artifact":
		return "a quadlet of podman", "a config can bring it along as a file"
	}
	return "an INI file", "a config can bring it along as a file"
}

// afterComments skips the blanks and the comments with which a text begins.
func afterComments(text string) string {
	for {
		text = strings.TrimLeft(text, blanks+byteOrderMark)
		if !strings.HasPrefix(text, "#") {
			return text
		}
		_, text, _ = strings.Cut(text, "\n")
	}
}

// byStart names a text for another program by its beginning.
func byStart(text string) (what, hint string) {
	f, _ := form.Of(text)
	return f.What, f.Hint
}

// looksLikeMapping names what a YAML text without a variant most likely is, by its keys; "" where none is known.
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
		return kubernetes(root.Get("kind").Text())
	case has("services"):
		return "a compose file",
			"podman or docker reads it; a config can bring it along as a file, and a unit that runs it"
	case has("ignition") && root.Get("ignition").Get("version").Exists():
		return "YAML with the keys of an Ignition config", "Ignition configs are JSON; in YAML, " +
			"write " + butane.FirstLines("fcos") + " in place of ignition.version, and keys like_this"
	case has("autoinstall"):
		return "an autoinstall file", "Ubuntu's installer reads it; " + form.ConfigHint
	case has("storage") || has("systemd") || has("passwd") || has("boot_device"):
		return "YAML without a variant", "add the lines " + butane.FirstLines("fcos") + ", or those of another system"
	}
	return "", ""
}

// kubernetes names an object of Kubernetes by its kind, and says where in it a config is.
func kubernetes(kind string) (what, hint string) {
	switch kind {
	case "MachineConfig":
		return "a MachineConfig", "OpenShift reads it; the config is what its spec.config has, as JSON"
	case "ConfigMap":
		return "a ConfigMap of Kubernetes",
			"the config is the text of one of the keys of its data; write that to a file"
	case "Secret":
		return "a Secret of Kubernetes",
			"the config is one of the values of its data, " +
				"in base64: kubectl get secret NAME -o jsonpath='{.data.KEY}' | base64 -d"
	case "List":
		return "a list of Kubernetes objects", "take the config out of one of its items"
	}
	return "a Kubernetes object", "take the config out of its spec"
}
