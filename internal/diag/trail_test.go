package diag

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestATrailIsAPath(t *testing.T) {
	root := Trail{}
	files := Trail{Up: &root, Name: "files"}
	third := Trail{Up: &files, Index: 2}
	assert.Equal(t, "$", root.String())
	assert.Equal(t, "$.files.2.path", (&Trail{Up: &third, Name: "path"}).String())
	assert.Equal(t, "$.files.0", (&Trail{Up: &files}).String(), "the first item")
	assert.Equal(t, "$.files.", (&Trail{Up: &files, Index: -1}).String(), "a key without a name")
}
