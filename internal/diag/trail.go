package diag

import (
	"strconv"
	"strings"
)

// A Trail is the way from the root of a document to a value. It is made into text only when somebody asks. The Trail
// without Up is that of the root.
type Trail struct {
	Up    *Trail
	Name  string
	Index int // of an item, whose name is empty; -1 for an empty name
}

// String gives the path, as "$.storage.files.0.path".
func (t *Trail) String() string {
	var b strings.Builder
	t.write(&b)
	return b.String()
}

func (t *Trail) write(b *strings.Builder) {
	if t.Up == nil {
		b.WriteByte('$')
		return
	}
	t.Up.write(b)
	b.WriteByte('.')
	if t.Name != "" || t.Index < 0 {
		b.WriteString(t.Name)
	} else {
		b.WriteString(strconv.Itoa(t.Index))
	}
}
