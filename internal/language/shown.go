package language

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Shown gives the text of a scalar with what may be a secret left out, as an excerpt of its document would have it, and
// whether something is. Of a kernel argument the name stays.
func (s *Shape) Shown(n tree.Node) (shown string, hidden bool) {
	text := n.Text()
	if strings.HasPrefix(s.Path, "kernelArguments.") {
		name, _, hasValue := strings.Cut(text, "=")
		if !hasValue {
			return text, false
		}
		return name + "=" + diag.Redacted, true
	}
	spans := Disjoint(Hidden(nil, s, n))
	if text == "" || len(spans) == 0 && !(n.Aliased() && s.HoldsSecrets()) {
		return text, false
	}
	return without(n, spans), true
}

// without is the text of a node without some spans of its document; nothing but a mark where it does not stand there as
// it reads.
func without(n tree.Node, spans []diag.Span) string {
	whole, span, text := n.Document().Text, n.Span(), n.Text()
	if span.End > len(whole) || len(spans) == 0 {
		return diag.Redacted
	}
	at := strings.Index(whole[span.Start:span.End], text)
	if at < 0 {
		return diag.Redacted
	}
	from := span.Start + at
	end := from + len(text)
	var b strings.Builder
	for _, hidden := range spans {
		if hidden.Start < from || hidden.End > end {
			return diag.Redacted
		}
		b.WriteString(whole[from:hidden.Start] + diag.Redacted)
		from = hidden.End
	}
	return b.String() + whole[from:end]
}

// nouns are what people call an item of a list.
func nouns() map[string]string {
	return map[string]string{
		"ignition.config.merge":                        "config to merge",
		"ignition.security.tls.certificateAuthorities": "certificate authority",
		"ignition.proxy.noProxy":                       "host without a proxy",
		"kernelArguments.shouldExist":                  "kernel argument",
		"kernelArguments.shouldNotExist":               "unwanted kernel argument",
		"passwd.groups":                                "group",
		"passwd.users":                                 "user",
		"passwd.users.*.groups":                        "group",
		"passwd.users.*.sshAuthorizedKeys":             "SSH key",
		"storage.directories":                          "directory",
		"storage.files":                                "file",
		"storage.files.*.append":                       "appended part",
		"storage.links":                                "link",
		"storage.disks":                                "disk",
		"storage.disks.*.partitions":                   "partition",
		"storage.raid":                                 "array",
		"storage.raid.*.devices":                       "device",
		"storage.filesystems":                          "filesystem on",
		"storage.luks":                                 "volume",
		"storage.luks.*.clevis.tang":                   "Tang server",
		"systemd.units":                                "unit",
		"systemd.units.*.dropins":                      "drop-in",
	}
}

// Noun is what people call an item of the list: "file"; of a list of options and the like "item", and of headers
// "header".
func (s *Shape) Noun() string {
	noun, known := nouns()[s.Path]
	switch {
	case known:
		return noun
	case s.Name == "httpHeaders":
		return "header"
	}
	return "item"
}
