package codes_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
)

var update = flag.Bool("update", false, "write the generated parts of the docs")

// rowsOf is the table of a subject, as the docs show it.
func rowsOf(s codes.Subject) string {
	var b strings.Builder
	b.WriteString("| code | severity | what it means | what to do |\n|---|---|---|---|\n")
	for _, r := range s.Rows {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Code, r.Severity(), r.Line, r.Do)
	}
	return b.String()
}

func TestCodesAreDocumented(t *testing.T) {
	left, pages := map[string]string{}, map[string]string{}
	for _, s := range codes.Subjects() {
		left[s.Name], pages[s.Name] = rowsOf(s), s.Page
	}
	mark := regexp.MustCompile(`(?s)(<!-- codes: ([a-z]+) -->\n)(.*?)(<!-- end of codes -->)`)
	for _, name := range []string{"problems.md", "butane.md"} {
		old, err := os.ReadFile("../../docs/" + name)
		require.NoError(t, err)
		for subject, heading := range headingsOf(name, string(old)) {
			assert.Equal(t, heading, pages[subject], subject)
		}
		made := mark.ReplaceAllStringFunc(string(old), func(part string) string {
			m := mark.FindStringSubmatch(part)
			require.Contains(t, left, m[2], "no subject, or one that is shown twice")
			table := left[m[2]]
			delete(left, m[2])
			return m[1] + table + m[4]
		})
		if *update {
			require.NoError(t, os.WriteFile("../../docs/"+name, []byte(made), 0o644))
			continue
		}
		assert.Equal(t, made, string(old), "make docs writes it anew")
	}
	assert.Empty(t, left, "no page shows these subjects")
}

// headingsOf gives for each mark of a subject the heading that it is below, as GitHub addresses it.
func headingsOf(page, text string) map[string]string {
	seen, found, heading := map[string]int{}, map[string]string{}, ""
	for line := range strings.Lines(text) {
		if title, is := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); is && line[0] == '#' {
			heading = strings.ReplaceAll(strings.Trim(strings.ToLower(title), "\n"), " ", "-")
			heading = strings.Map(func(r rune) rune {
				if strings.ContainsRune(",.:;()`", r) {
					return -1
				}
				return r
			}, heading)
			if seen[heading]++; seen[heading] > 1 {
				heading += fmt.Sprintf("-%d", seen[heading]-1)
			}
		}
		if mark, is := strings.CutPrefix(line, "<!-- codes: "); is {
			found[strings.TrimSuffix(mark, " -->\n")] = page + "#" + heading
		}
	}
	return found
}
