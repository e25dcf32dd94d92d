package rules

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
)

// Further holds a document against rules for those who can still change it. The engine does without them: its stages
// say the same of what they cannot do. What others may put right is left out, as Document does.
func Further(doc *document.Document) []diag.Problem {
	c := newChecker(doc)
	root, cfg := doc.Cursor(&c.log), doc.Config()
	units{c}.otherNames(root.Key("systemd").Key("units"), cfg)
	c.unsent(cfg)
	c.misfits(root, cfg)
	c.fetching(func() {
		c.authorities(root.To("ignition", "security", "tls", "certificateAuthorities"),
			cfg.Ignition.Security.TLS.CertificateAuthorities)
	})
	c.impossible(root, cfg)
	return diag.Standing(c.log.All(), others(cfg))
}

// unsent finds headers that no request can have (RFC 9110 §5.1, §5.5). Whoever fetches refuses them too. There may be
// very many files, so these are gone through only if one of them has headers.
func (c *checker) unsent(cfg *config.Config) {
	files := slices.ContainsFunc(cfg.Storage.Files, hasHeaders)
	language.Config().Walk(func(s *language.Shape) {
		switch {
		case !files && strings.HasPrefix(s.Path, "storage.files."):
		case strings.HasSuffix(s.Path, ".httpHeaders.*.name"):
			c.judgeText(cfg, s.Path, headerNameFault)
		case strings.HasSuffix(s.Path, ".httpHeaders.*.value"):
			c.judgeText(cfg, s.Path, headerValueFault)
		}
	})
}

func hasHeaders(f config.File) bool {
	return len(f.Contents.HTTPHeaders) > 0 || slices.ContainsFunc(f.Append, func(r config.Resource) bool {
		return len(r.HTTPHeaders) > 0
	})
}

func headerValueFault(value string) *diag.Fault {
	if !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return nil
	}
	return &diag.Fault{Code: codes.HeaderValue,
		Message: "the value of a header holds a line end or another control character", Hint: "write it in one line"}
}

// headerNameFault: a name that is missing is told by another rule.
func headerNameFault(name string) *diag.Fault {
	const others = "0123456789!#$%&'*+-.^_`|~"
	odd := strings.IndexFunc(name, func(r rune) bool {
		return (r|0x20 < 'a' || r|0x20 > 'z') && !strings.ContainsRune(others, r)
	})
	if odd < 0 {
		return nil
	}
	f := &diag.Fault{Code: codes.HeaderName, Message: "no header can have this name",
		Hint: "write letters, digits and dashes, as in X-Auth-Token"}
	if strings.ContainsRune(name, ':') {
		f.Message = "the name of a header has a colon"
		f.Hint = "the name is what stands before the colon; what stands behind it goes into value"
	} else if strings.ContainsAny(name, " \t\r\n") {
		f.Message = "the name of a header has a blank"
		f.Hint = "the name is what stands before the blank; what stands behind it goes into value"
	}
	return f
}
