package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatMeansTheSameIsSaidOfFieldsThatThereAre(t *testing.T) {
	lines, same := Lines(), NewSames()
	for _, row := range Samenesses() {
		end, general := strings.CutPrefix(row.Path, "*")
		found := 0
		for path := range lines {
			if path == row.Path || general && strings.HasSuffix(path, end) {
				assert.Equal(t, row, same.At(path))
				found++
			}
		}
		assert.NotZero(t, found, row.Path)
	}
	assert.Zero(t, same.At("storage.files.*.user.id"))
	assert.Zero(t, same.At(""))
}

// What the comments of the model say for people, the table knows too.
func TestLinesThatNameADefaultNameThatOfTheTable(t *testing.T) {
	named, same := 0, NewSames()
	for path, line := range Lines() {
		_, after, found := strings.Cut(line, "default ")
		if !found || strings.HasPrefix(after, "and 0 ") { // where a boot may have a limit of its own
			continue
		}
		row := same.At(path)
		number := strings.Trim(strings.Fields(after)[0], ".,")
		if row.Made != "" {
			_, number, _ = strings.Cut(strings.TrimRight(after, ")."), "(")
		}
		assert.Equal(t, number, row.Default+row.Made, "%s: %s", path, line)
		named++
	}
	assert.Equal(t, 4, named)
}
