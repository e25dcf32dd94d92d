package accounts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHashesAreNotShown(t *testing.T) {
	for claim, test := range map[string]struct{ text, want string }{
		"a hash": {"core:$y$j9T$abc$def:19000:0:99999:7:::\n",
			"core:[redacted]:19000:0:99999:7:::\n"},
		"a locked hash keeps its lock":  {"core:!$6$abc:1::::::\n", "core:![redacted]:1::::::\n"},
		"a password of the olden days":  {"core:ab1cd2ef3gh4i:1::::::\n", "core:[redacted]:1::::::\n"},
		"no password":                   {"core::1::::::\n", "core::1::::::\n"},
		"locked":                        {"a:*:1:\nb:!:1:\nc:!!:1:\nd:!*:1:\n", "a:*:1:\nb:!:1:\nc:!!:1:\nd:!*:1:\n"},
		"what passwd has":               {"root:x:0:0:root:/root:/bin/sh\n", "root:x:0:0:root:/root:/bin/sh\n"},
		"a group's, without a line end": {"g:$6$abc::a,b", "g:[redacted]::a,b"},
		"the last field":                {"g:$6$abc", "g:[redacted]"},
		"a line that is none":           {"$6$abc\n\n", "[redacted]\n\n"},
		"nothing":                       {"", ""},
	} {
		t.Run(claim, func(t *testing.T) {
			assert.Equal(t, test.want, withoutHashes(test.text))
			assert.False(t, strings.Contains(withoutHashes(test.text), "$6$"))
		})
	}
	assert.Equal(t, "core:100000:65536", Shown(SubUIDFile, "core:100000:65536"))
	assert.Equal(t, "core:[redacted]:1", Shown(ShadowFile, "core:100000:1"))
}
