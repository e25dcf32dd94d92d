package stages

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// unitsOf is a root with the units of packages, and these links and files.
func unitsOf(more map[string]string) trees.Fake {
	const at = "/usr/lib/systemd/system/"
	all := trees.Fake{"/etc/machine-id": "0123",
		at + "a.service":     service + "[Install]\nWantedBy=multi-user.target\n",
		at + "solo.service":  service + "[Install]\nWantedBy=multi-user.target\n",
		at + "b.service":     service + "[Install]\nWantedBy=multi-user.target\nAlias=bee.service\n",
		at + "also.service":  service + "[Install]\nAlso=a.service\n",
		at + "both.service":  service + "[Install]\nWantedBy=multi-user.target\nAlso=a.service\n",
		at + "t@.service":    service + "[Install]\nWantedBy=multi-user.target\nDefaultInstance=one\n",
		at + "bare@.service": service + "[Install]\nWantedBy=multi-user.target\n",
		at + "none.service":  service, at + "void.service": "-> /dev/null"}
	for name, text := range more {
		all["/etc/systemd/"+name] = text
	}
	return all
}

func TestWhetherAUnitIsEnabledIsToldByItsLinks(t *testing.T) {
	t.Parallel()
	const wants, packages = "system/multi-user.target.wants/", "/usr/lib/systemd/system/"
	links := func(names ...string) map[string]string {
		all := map[string]string{}
		for _, name := range names {
			all[name] = "-> " + packages + filepath.Base(name)
		}
		return all
	}
	for name, each := range map[string]struct {
		unit        string
		there       map[string]string
		found, note string
	}{
		"no link":  {"'a.service', 'enabled': true", nil, "is not enabled", ""},
		"its link": {"'a.service', 'enabled': true", links(wants + "a.service"), "", ""},
		"a link elsewhere": {"'a.service', 'enabled': true", links("system/x.target.wants/a.service"),
			"is not enabled", ""},
		"a link, not wanted": {"'solo.service', 'enabled': false", links("system/x.target.wants/solo.service"),
			"is enabled, by x.target.wants/solo.service", ""},
		"none, none wanted": {"'a.service', 'enabled': false", nil, "", ""},
		"no alias":          {"'b.service', 'enabled': true", links(wants + "b.service"), "is not enabled", ""},
		"its alias": {"'b.service', 'enabled': true", map[string]string{
			wants + "b.service": "-> " + packages + "b.service", "system/bee.service": "-> " + packages + "b.service"},
			"", ""},
		"by its alias": {"'bee.service', 'enabled': true", map[string]string{
			"system/bee.service": "-> " + packages + "b.service"},
			"b.service is not enabled", ""},
		"others only":    {"'also.service', 'enabled': true", nil, "", "is not enabled itself"},
		"others as well": {"'both.service', 'enabled': true", links(wants + "both.service"), "", ""},
		"a template's default": {"'t@.service', 'enabled': true", map[string]string{
			wants + "t@one.service": "-> " + packages + "t@.service"},
			"", ""},
		"not a template's": {"'t@.service', 'enabled': true", nil, "is not enabled", ""},
		"an instance, none wanted": {"'t@.service', 'enabled': false", map[string]string{
			wants + "t@two.service": "-> " + packages + "t@.service"},
			"is enabled, by multi-user.target.wants/t@two.service", ""},
		"a bare template": {"'bare@.service', 'enabled': true", nil,
			"", "it is a template without a default instance"},
		"nothing to enable": {"'none.service', 'enabled': true", nil, "", "has nothing in [Install]"},
		"masked by the image": {"'void.service', 'enabled': true", nil,
			"", "it is masked by /usr/lib/systemd/system/void.service"},
		"enabled along": {"'a.service', 'enabled': false", links(wants + "a.service"), "",
			"is enabled along with also.service (Also=)"},
		"not there":            {"'gone.service', 'enabled': true", nil, "the root has no such unit", ""},
		"not there nor wanted": {"'gone.service', 'enabled': false", nil, "", ""},
		"a dangling link": {"'gone.service', 'enabled': true", map[string]string{
			"system/gone.service": "-> /opt/gone.service"},
			"/etc/systemd/system/gone.service is a link to /opt/gone.service, which is not there", ""},
		"a preset before": {"'a.service', 'enabled': true", map[string]string{
			"system-preset/10-x.preset": "disable a.service\n"},
			"", "may not stay enabled in a first boot"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			view := unitsOf(each.there)
			unit, _, _ := strings.Cut(each.unit, "',")
			verb := "disable "
			if strings.Contains(each.unit, "true") {
				verb = "enable "
			}
			r := verifiedRoot(t, view, "{'ignition': {'version': '3.4.0'}, 'systemd': {'units': [{'name': "+
				each.unit+"}]}}")
			var found []string
			for _, what := range findings(r, drift.Differs) {
				if !strings.HasPrefix(what, "presets ") { // of which this is not
					found = append(found, what)
				}
			}
			if each.found == "" {
				assert.Empty(t, found, verb)
			} else {
				assert.Equal(t, []string{"unit " + unit[1:] + ": " + each.found}, found)
			}
			if each.note == "" {
				assert.Empty(t, r.Notes)
			} else if assert.Len(t, r.Notes, 1) {
				assert.Contains(t, r.Notes[0], each.note)
			}
		})
	}
}
