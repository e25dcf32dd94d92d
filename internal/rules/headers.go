package rules

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Further holds a document against rules for those who can still change it. The engine does without them: its stages
// say the same of what they cannot do.
func Further(doc *document.Document) []diag.Problem {
	c := &checker{doc: doc, version: doc.Version}
	units{c}.otherNames(doc.Cursor(&c.log).Key("systemd").Key("units"), doc.Config())
	c.unsent(doc.Config())
	return c.log.All()
}

// headerFields lists the paths of the names of headers, or of their values.
func headerFields(key string) (paths []string) {
	language.Config().Walk(func(s *language.Shape) {
		if strings.HasSuffix(s.Path, ".httpHeaders.*."+key) {
			paths = append(paths, s.Path)
		}
	})
	return paths
}

// unsent finds headers that no request can have (RFC 9110 §5.1, §5.5). Whoever fetches refuses them too.
func (c *checker) unsent(cfg *config.Config) {
	c.judgeText(cfg, headerFields("name"), headerNameFault)
	c.judgeText(cfg, headerFields("value"), func(value string) *diag.Fault {
		if !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return nil
		}
		return &diag.Fault{Code: codes.HeaderValue,
			Message: "the value of a header holds a line end or another control character",
			Hint:    "write it in one line"}
	})
}

func (c *checker) judgeText(cfg *config.Config, paths []string, judge func(text string) *diag.Fault) {
	index := tree.Index{}
	for _, pattern := range paths {
		cfg.Values(pattern, func(path func() string, value string) bool {
			f := judge(value)
			if f == nil || c.doc.Unread(path) {
				return true
			}
			if p, kept := c.log.Next(diag.Problem{Severity: diag.Error, Code: f.Code, Stricter: true}); kept {
				p.Place, p.Path, p.Message, p.Hint = c.doc.At(path(), index).Place(), path(), f.Message, f.Hint
			}
			return true
		})
	}
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
