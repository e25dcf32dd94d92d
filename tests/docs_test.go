package tests

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each row of docs/rerun.md names the tests that show it.
func TestEveryRowAboutASecondRunHasATest(t *testing.T) {
	page, err := os.ReadFile("../docs/rerun.md")
	require.NoError(t, err)
	grep := exec.Command("grep", "-rhoE", "--include=*_test.go", "^func Test[A-Za-z0-9]+", "..")
	out, err := grep.Output()
	require.NoError(t, err)
	tests := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		tests[strings.TrimSpace(strings.TrimPrefix(line, "func "))] = true
	}
	name := regexp.MustCompile(`\bTest[A-Za-z0-9]+`)
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(line, "|\n"), " | ")
		if len(cells) != 3 || strings.HasPrefix(line, "| the first run left") {
			continue
		}
		rows++
		found := name.FindAllString(cells[2], -1)
		assert.NotEmpty(t, found, line)
		for _, test := range found {
			assert.True(t, tests[test], "%s is in docs/rerun.md and nowhere else", test)
		}
	}
	assert.Greater(t, rows, 20)
}
