package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestARowAddsToThatOfHowItsPathEnds(t *testing.T) {
	merge := FieldAt("ignition.config.merge.*.source")
	assert.True(t, merge.Required.Has(V3_1))
	assert.False(t, merge.Required.Has(V3_0))
	assert.Equal(t, FieldAt("storage.files.*.contents.source").Values, merge.Values)
	assert.Equal(t, Headers, FieldAt("storage.files.*.contents.httpHeaders").List.Mode)
	assert.Equal(t, Field{Path: "storage.files.*.mode"}, FieldAt("storage.files.*.mode"))
}

func TestVersionsTakeTheValuesThatTheyHave(t *testing.T) {
	for _, c := range []struct {
		path, value string
		in, not     []Version
	}{
		{"storage.filesystems.*.format", "none", []Version{V3_3, Newest}, []Version{V3_0, V3_2}},
		{"storage.files.*.contents.source", "arn", []Version{V3_4}, []Version{V3_3}},
		{"storage.luks.*.clevis.custom.pin", "mine", []Version{V3_6, Newest}, []Version{V3_2, V3_5}},
		{"storage.files.*.path", "any", []Version{V3_0}, nil},
	} {
		for _, v := range c.in {
			assert.True(t, FieldAt(c.path).Takes(c.value, v), "%s %s in %s", c.path, c.value, v)
		}
		for _, v := range c.not {
			assert.False(t, FieldAt(c.path).Takes(c.value, v), "%s %s in %s", c.path, c.value, v)
		}
	}
	schemes := FieldAt("storage.files.*.contents.source").In(V3_1)
	assert.Equal(t, []string{"http", "https", "tftp", "s3", "data"}, Names(schemes))
}

// What the comments of the model say for people, the table knows too.
func TestLinesThatListValuesListAll(t *testing.T) {
	lists := 0
	for path, line := range Lines() {
		names := Names(FieldAt(path).Values)
		named := 0
		for _, name := range names {
			if strings.Contains(line, name) {
				named++
			}
		}
		if named > 1 {
			assert.Len(t, names, named, "%s: %s", path, line)
			lists++
		}
	}
	assert.Greater(t, lists, 10)
}
