package tests

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const section = `(?:§[0-9]+(?:\.[0-9]+)*|Appendix [A-Z])`

var (
	// lineBreak is where a comment or a paragraph goes on in the next line.
	lineBreak = regexp.MustCompile(`\n[ \t]*(?://|#|\*)?[ \t]*`)
	// A citation is a page of docs and, if it says so, sections and a rule, or the words of a heading.
	citation = regexp.MustCompile(`docs/((?:[a-z]+/)?[A-Za-z-]+\.md)\b((?:(?:,| and|, and| to)? ` + section +
		`)*(?:,? (?:step [0-9]+|R-[A-Z0-9]+))?)(, "[^"]+")?`)
	// A neighbour is how pages of one folder cite each other, and themselves.
	neighbour = regexp.MustCompile("(?:([A-Za-z-]+\\.md)`? )?(" + section + `)`)
	detail    = regexp.MustCompile(section + `|step [0-9]+|R-[A-Z0-9]+`)
	// Forms that name what a reader of the repository has not got.
	unreadable = regexp.MustCompile(`\breference:\s|\b[Rr]eference:? ` +
		`(?:spec|engine|butane|initramfs|lints|targets|(?:more )?platforms)\b|` +
		`\b(?:spec|engine|butane|initramfs|lints|targets|platforms),? §|\bDESIGN(?:\.md| §)|\bdesign ` +
		`notes\b|\.\./shared\b`)
)

// A page is a document, its sections by number, each with what is below it.
type page struct {
	sections map[string]string // "11.5", "Appendix A"
	headings []string
}

var (
	fence   = regexp.MustCompile("(?m)^ *```[^`]*?^ *```")
	heading = regexp.MustCompile(`(?m)^(#{1,5}) (.*)$`)
	number  = regexp.MustCompile(`^(?:Appendix [A-Z]|[0-9]+(?:\.[0-9]+)*)\b`)
)

func readPage(text string) page {
	p := page{sections: map[string]string{}}
	text = fence.ReplaceAllString(text, "")
	found := heading.FindAllStringSubmatchIndex(text, -1)
	above := ""
	for i, at := range found {
		level, title := at[3]-at[2], text[at[4]:at[5]]
		p.headings = append(p.headings, title)
		id := number.FindString(title)
		if id == "" {
			continue
		}
		if level == 2 {
			above = id
		} else if !strings.Contains(id, ".") { // a list whose items have headings
			id = above + "." + id
		}
		end := len(text)
		for _, next := range found[i+1:] {
			if next[3]-next[2] <= level {
				end = next[0]
				break
			}
		}
		p.sections[id] = text[at[0]:end]
	}
	return p
}

// has looks for a section, or for an item of the list in one.
func (p page) has(id string) bool {
	if _, found := p.sections[id]; found {
		return true
	}
	dot := strings.LastIndexByte(id, '.')
	return dot > 0 && p.hasItem(id[:dot], id[dot+1:])
}

// hasItem looks for an item of the list in a section, whose items may share a line.
func (p page) hasItem(id, number string) bool {
	own, _, _ := strings.Cut(p.sections[id], "\n#")
	_, own, _ = strings.Cut(own, "\n")
	return regexp.MustCompile(`(?:^|\s)` + number + `\. `).MatchString(own)
}

// lacks gives the first part of a citation that is not in the page.
func (p page) lacks(parts []string) string {
	last := ""
	for _, part := range parts {
		found := false
		switch {
		case strings.HasPrefix(part, "R-"):
			found = regexp.MustCompile(part + `\b`).MatchString(p.sections[last])
		case strings.HasPrefix(part, "step "):
			found = p.hasItem(last, part[len("step "):])
		default:
			last = strings.TrimPrefix(part, "§")
			found = p.has(last)
		}
		if !found {
			return part
		}
	}
	return ""
}

var thePages = sync.OnceValues(func() (map[string]page, error) {
	pages := map[string]page{}
	return pages, filepath.WalkDir("../docs", func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".md" {
			return err
		}
		text, err := os.ReadFile(name)
		pages[strings.TrimPrefix(name, "../docs/")] = readPage(string(text))
		return err
	})
})

// misleading gives what a text cites in a way that leads nowhere.
func misleading(pages map[string]page, name, text string) (wrong []string) {
	complain := func(form string, args ...any) { wrong = append(wrong, name+": "+fmt.Sprintf(form, args...)) }
	text = lineBreak.ReplaceAllString(text, " ")
	if strings.HasPrefix(name, "docs/peer/") && name != "docs/peer/README.md" {
		// Other projects have files docs/*.md, too.
		for _, m := range neighbour.FindAllStringSubmatch(text, -1) {
			cited := m[1]
			if cited == "" {
				cited = path.Base(name)
			}
			if p, found := pages["peer/"+cited]; !found || p.lacks(m[2:]) != "" {
				complain("%s is not there", m[0])
			}
		}
		return wrong
	}
	for _, m := range unreadable.FindAllString(text, -1) {
		complain("%q is not for readers of the repository: cite docs/peer", m)
	}
	for _, m := range citation.FindAllStringSubmatch(text, -1) {
		p, found := pages[m[1]]
		if !found {
			complain("docs/%s is not there", m[1])
		} else if part := p.lacks(detail.FindAllString(m[2], -1)); part != "" {
			complain("docs/%s has no %s", m[1], part)
		} else if title := strings.Trim(m[3], `, "`); title != "" && !slices.Contains(p.headings, title) {
			complain("docs/%s has no heading %q", m[1], title)
		}
	}
	return wrong
}

// texts calls do with every text of the repository.
func texts(t *testing.T, do func(name, text string)) {
	t.Helper()
	require.NoError(t, filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.Contains([]string{".git", "artifacts", "bin", "demo"}, d.Name()) {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || slices.Contains([]string{".gz", ".jsonl"}, filepath.Ext(name)) {
			return nil
		}
		text, err := os.ReadFile(name)
		do(strings.TrimPrefix(name, "../"), string(text))
		return err
	}))
}

// marks tells quickly that a text may have something to look at.
func marks(text string) bool {
	return slices.ContainsFunc([]string{"docs/", "§", "eference", "DESIGN", "design notes", "../shared"},
		func(mark string) bool {
			return strings.Contains(text, mark)
		})
}

func TestCitationsLeadSomewhere(t *testing.T) {
	pages, err := thePages()
	require.NoError(t, err)
	cited := 0
	texts(t, func(name, text string) {
		if name == "tests/citations_test.go" || !marks(text) {
			return
		}
		cited += strings.Count(text, "docs/peer/")
		assert.Empty(t, misleading(pages, name, text))
	})
	assert.Greater(t, cited, 100)
}

func TestCitationsThatLeadNowhereAreFound(t *testing.T) {
	pages := map[string]page{
		"files.md": readPage("# Files\n\n## Order\n"),
		"peer/engine.md": readPage("# Engine\n## 1. One\n### 1.1 Deeper\n1. first. 2. second R-URL\n```\n" +
			"## 9. Code\n```\n" +
			"## 2. Two\n### 1. An example\n## Appendix A. Artefacts\n"),
	}
	for text, want := range map[string]string{
		"// by docs/peer/engine.md §1.1, §2":                  "",
		"// by docs/peer/engine.md §1 and §1.1.2":             "",
		"// by docs/peer/engine.md §1.1 step 2":               "",
		"// by\n// docs/peer/engine.md\n\t// §1.1, R-URL.":    "",
		"// docs/peer/engine.md §2.1, Appendix A (RFC 1 §99)": "",
		"# docs/files.md, \"Order\"":                          "",
		"// docs/lost.md":                                     "docs/lost.md is not there",
		"// docs/peer/engine.md §1.2":                         "docs/peer/engine.md has no §1.2",
		"// docs/peer/engine.md §1, and §7":                   "docs/peer/engine.md has no §7",
		"// docs/peer/engine.md §1,\n// §9":                   "docs/peer/engine.md has no §9",
		"// docs/peer/engine.md §1.1.3":                       "docs/peer/engine.md has no §1.1.3",
		"// docs/peer/engine.md §1.1 step 3":                  "docs/peer/engine.md has no step 3",
		"// docs/peer/engine.md §2, R-URL":                    "docs/peer/engine.md has no R-URL",
		"// docs/peer/engine.md §2, Appendix B":               "docs/peer/engine.md has no Appendix B",
		"// docs/files.md §1":                                 "docs/files.md has no §1",
		"# docs/files.md, \"Disorder\"":                       "docs/files.md has no heading \"Disorder\"",
		"// (reference: engine,\n// appendix A)": "\"reference: \" is not for readers of the repository: " +
			"cite docs/peer",
		"// Reference: spec §1":    "\"Reference: spec\" is not for readers of the repository: cite docs/peer",
		"// the table (engine §1)": "\"engine §\" is not for readers of the repository: cite docs/peer",
	} {
		t.Run(text, func(t *testing.T) {
			wrong := strings.Join(misleading(pages, "x.go", text), "\n")
			assert.Equal(t, want, strings.TrimPrefix(wrong, "x.go: "))
		})
	}
	assert.Empty(t, misleading(pages, "docs/peer/spec.md", "engine.md §1.1 and `engine.md` Appendix A"))
	assert.Len(t, misleading(pages, "docs/peer/engine.md", "§1 has it, or §4, or spec.md §1"), 2)
}

var (
	link        = regexp.MustCompile(`\]\(([^)#\s:]*)(?:#([^)\s]*))?\)`)
	punctuation = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchor is what a heading is called in a link, as forges have it.
func anchor(title string) string {
	return strings.ReplaceAll(punctuation.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
}

func TestLinksOfPagesLeadSomewhere(t *testing.T) {
	linked := 0
	texts(t, func(name, text string) {
		if path.Ext(name) != ".md" || strings.HasPrefix(name, "docs/peer/") && name != "docs/peer/README.md" {
			return
		}
		own := readPage(text)
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			to := own
			if m[1] != "" {
				target := path.Join("..", path.Dir(name), m[1])
				text, err := os.ReadFile(target)
				if info, statErr := os.Stat(target); statErr != nil || err != nil && !info.IsDir() {
					assert.Fail(t, "broken link", "%s: %s", name, m[0])
					continue
				}
				to = readPage(string(text))
			}
			linked++
			known := slices.ContainsFunc(to.headings, func(title string) bool { return anchor(title) == m[2] })
			assert.True(t, m[2] == "" || known, "%s: %s: there is no such heading", name, m[0])
		}
	})
	assert.Greater(t, linked, 50)
}
