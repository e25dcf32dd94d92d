package unit_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/glowplug-os/glowplug/internal/unit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheckName(t *testing.T) {
	for _, ext := range strings.Fields("service socket device mount automount swap target path timer snapshot " +
		"slice scope") {
		assert.Nil(t, unit.CheckName("a."+ext), ext)
	}
	for _, name := range []string{"a@b.service", ".service", "../x.service", "a/b.mount"} {
		assert.Nil(t, unit.CheckName(name), name)
	}
	for name, hint := range map[string]string{
		"a.conf": "dropins", "a.network": "/etc/systemd/network", "a.SERVICE": "write .service in lower case",
		"a.services": "one of .service",
		"a":          "web.service", "": "web.service", "a.service/b": "web.service", "a.": "one of .service",
		"a.service ": "one of .service",
	} {
		fault := unit.CheckName(name)
		if assert.NotNil(t, fault, name) {
			assert.Equal(t, "unit-name-extension", string(fault.Code), name)
			assert.Contains(t, fault.Hint, hint, name)
		}
	}
}

func TestCheckNameStrictly(t *testing.T) {
	for name, code := range map[string]string{
		"a.service": "", "a@.service": "", `dev-disk\x2d1.swap`: "", "a@b@c:d.mount": "", "-.mount": "",
		x(247) + ".service": "",
		"../x.service":      "unit-name-slash", "/etc/x.service": "unit-name-slash", ".service": "unit-name-empty",
		"@a.service":  "unit-name-empty",
		"a b.service": "unit-name-byte", "a\x00.service": "unit-name-byte", "é.service": "unit-name-byte",
		x(248) + ".service": "unit-name-long",
	} {
		fault := unit.CheckNameStrictly(name)
		if code == "" {
			assert.Nil(t, fault, name)
		} else if assert.NotNil(t, fault, name) {
			assert.Equal(t, code, string(fault.Code), name)
		}
	}
}

func TestCheckDropinName(t *testing.T) {
	for name, codes := range map[string][2]string{
		"10-a.conf": {}, "a b.conf": {},
		".conf": {"", "unit-name-empty"}, ".a.conf": {"", "unit-name-empty"}, "../a.conf": {"", "unit-name-slash"},
		"a\x00.conf":     {"", "unit-name-byte"},
		x(251) + ".conf": {"", "unit-name-long"},
		"a":              {"dropin-name-extension", ""}, "a.CONF": {"dropin-name-extension", ""},
		"a.conf/b": {"dropin-name-extension", "unit-name-slash"},
	} {
		loose, strict := unit.CheckDropinName(name), unit.CheckDropinNameStrictly(name)
		assert.Equal(t, codes[0] != "", loose != nil, name)
		assert.Equal(t, codes[1] != "", strict != nil, name)
		if loose != nil {
			assert.Equal(t, codes[0], string(loose.Code), name)
		}
		if strict != nil {
			assert.Equal(t, codes[1], string(strict.Code), name)
		}
	}
}

func TestSplitInstance(t *testing.T) {
	for name, want := range map[string][2]string{
		"foo@bar.service": {"foo@.service", "bar"}, "foo@.service": {"foo@.service", ""},
		"a@b.c.mount": {"a@.mount", "b.c"}, "a@b@c.timer": {"a@.timer", "b@c"},
		"@a@b.service": {"@a@.service", "b"},
	} {
		template, instance, ok := unit.SplitInstance(name)
		assert.True(t, ok, name)
		assert.Equal(t, want, [2]string{template, instance}, name)
	}
	for _, name := range []string{"", "foo.service", "@a.service", "@", "a@b", ".service"} {
		_, _, ok := unit.SplitInstance(name)
		assert.False(t, ok, name)
	}
}

// FuzzServiceTemplate: a service is an instance exactly if the peer's pattern says so, and of the template that it
// says.
func FuzzServiceTemplate(f *testing.F) {
	for _, name := range []string{"foo@bar.service", "foo@.service", "@a@b.service", "a@@.service",
		"a@b.service.service", "a@b.timer", "a\n@b.service", "a@b.x/y.service", "@@@.service", "é@\xff.service",
		"a@b.service\n"} {
		f.Add(name)
	}
	pattern := regexp.MustCompile(`^(.+?)@(.+?)\.service$`)
	f.Fuzz(func(t *testing.T, name string) {
		template, ok := unit.ServiceTemplate(name)
		match := pattern.FindStringSubmatch(name)
		require.Equal(t, match != nil, ok, "%q", name)
		if ok {
			require.Equal(t, match[1]+"@.service", template)
		}
	})
}
