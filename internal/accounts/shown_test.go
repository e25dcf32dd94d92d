package accounts

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
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
		"a name in Latin-1":             {"g:x:1000:M\xfcller\n", "g:x:1000:M\\xfcller\n"},
		"what is no text":               {"g:*:\x00\n", "g:*:\\x00\n"},
	} {
		t.Run(claim, func(t *testing.T) {
			was, now := Shown(ShadowFile, diag.Secret(test.text), diag.Secret(test.text))
			assert.Equal(t, []string{test.want, test.want}, []string{was, now})
			assert.NotContains(t, was, "$6$")
		})
	}
	was, now := Shown(SubUIDFile, "core:1:65536", "c\xf6re:2:65536")
	assert.Equal(t, []string{"core:1:65536", "c\\xf6re:2:65536"}, []string{was, now})
}

func TestAHashThatChangesIsMarked(t *testing.T) {
	for claim, test := range map[string]struct{ was, now, want string }{
		"the same":                 {"a:$6$x:1\n", "a:$6$x:1\n", "a:[redacted]:1\n"},
		"another":                  {"a:$6$x:1\n", "a:$6$y:1\n", "a:[redacted, another]:1\n"},
		"of somebody new":          {"a:$6$x:1\n", "a:$6$x:1\nb:$6$y:1\n", "a:[redacted]:1\nb:[redacted]:1\n"},
		"only the lock goes":       {"a:!$6$x:1\n", "a:$6$x:1\n", "a:[redacted]:1\n"},
		"the first":                {"a:*:1\n", "a:$6$x:1\n", "a:[redacted]:1\n"},
		"none any more":            {"a:$6$x:1\n", "a:*:1\n", "a:*:1\n"},
		"of a name that is twice":  {"a:$6$x:1\na:$6$y:1\n", "a:$6$y:1\n", "a:[redacted]:1\n"},
		"a line that is none":      {"$6$x\n", "$6$y\n", "[redacted, another]\n"},
		"in the place of somebody": {"a:$6$x:1\n", "b:$6$y:1\n", "b:[redacted]:1\n"},
	} {
		t.Run(claim, func(t *testing.T) {
			_, now := Shown(ShadowFile, diag.Secret(test.was), diag.Secret(test.now))
			assert.Equal(t, test.want, now)
		})
	}
}
