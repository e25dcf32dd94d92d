package report

import (
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Lines are the difference of a text that is there, as far as people are shown it, and how many more lines it has.
func (c *Change) Lines() (lines []string, more int) {
	if c.Was.Kind == "" || !c.Texts {
		return nil, 0
	}
	return Cut(Difference(c.WasText, c.NowText))
}

// Cut gives the lines of a difference that people are shown, and how many more there are.
func Cut(lines []string) (shown []string, more int) {
	n := min(len(lines), differenceMost)
	return lines[:n], len(lines) - n
}

// Words say what becomes of kind, mode, owner and link of a path that is there; "" of another one.
func (c *Change) Words() string {
	if c.Was.Kind == "" {
		return ""
	}
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if c.Was.Kind != c.Now.Kind && c.Now.Kind == "" {
		say("%s removed", c.Was.Kind)
	} else if c.Was.Kind != c.Now.Kind && (c.Was.Kind != "file" || c.Now.Kind != "hard link") { // which is a file too
		say("%s, was a %s", c.Now.Kind, c.Was.Kind)
	}
	if c.Now.Mode >= 0 && c.Now.Mode != c.Was.Mode && c.Was.Mode >= 0 {
		say("mode %04o, was %04o", c.Now.Mode, c.Was.Mode)
	}
	uid, gid := c.Now.UID, c.Now.GID
	if uid < 0 {
		uid = c.Was.UID
	}
	if gid < 0 {
		gid = c.Was.GID
	}
	if c.Now.Kind != "" && (uid != c.Was.UID || gid != c.Was.GID) {
		say("owner %d:%d, was %d:%d", uid, gid, c.Was.UID, c.Was.GID)
	}
	if c.Was.Link != "" && c.Now.Link != c.Was.Link {
		say("led to %s", diag.Name(c.Was.Link))
	}
	if c.Sizes {
		say("%s, was %d", diag.Count(c.Now.Size, "byte"), c.Was.Size)
	}
	if c.Secret {
		say("the content is not shown, as not everybody may read it")
	}
	return strings.Join(all, "; ")
}
