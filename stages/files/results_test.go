package files

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
)

// results are what the steps of a plan leave, a line each.
func results(t *testing.T, cfg config.Config, view fake) (all []string) {
	t.Helper()
	p, err := PlanInFull(cfg, view, withUsers(inlined(asRoot())))
	require.NoError(t, err)
	left := p.Results()
	for _, s := range p.Steps {
		for _, r := range left[s.ID] {
			all = append(all, line(r))
		}
	}
	return all
}

func line(r plan.Result) string {
	text := fmt.Sprintf("%s %s %o %d:%d", r.Made, r.At, r.Mode, r.UID, r.GID)
	if r.Link != "" {
		text += " to " + r.Link
	}
	if r.Content == nil {
		return text
	}
	content, known := r.Content()
	return fmt.Sprintf("%s %q %v %v", text, content.Reveal(), known, r.Adds)
}

func TestStepsTellWhatTheyLeave(t *testing.T) {
	assert.Equal(t, []string{
		"directory /d -1 -1:-1",
		`file /g -1 -1:-1 "more" true true`,
		`file /far 644 0:0 "" false false`,
		`file /f 600 7:0 "new" true false`,
		"link /l -1 0:0 to f",
		"hard link /h -1 -1:-1 to /f",
	}, results(t, storage(t, `'directories':[{'path':'/d'}],
		'files':[{'path':'/g','append':[{'source':'data:,more'}]},{'path':'/far','contents':{'source':'https://h/x'}},
			{'path':'/f','contents':{'source':'data:,new'},'overwrite':true,'mode':384,'user':{'id':7}}],
		'links':[{'path':'/l','target':'f'},{'path':'/h','target':'/f','hard':true}]`),
		fake{"/d/": "", "/g": "old", "/f": "old"}))
}

func TestUnitsTellWhatTheyLeave(t *testing.T) {
	assert.Equal(t, []string{
		`file /etc/systemd/system/a.service 644 0:0 "[Service]" true false`,
		"link /etc/systemd/system/m.service -1 -1:-1 to /dev/null",
		"nothing /etc/systemd/system/u.service -1 -1:-1",
	}, results(t, unitsOf(t, `{'name':'a.service','contents':'[Service]'},{'name':'m.service','mask':true},
		{'name':'u.service','mask':false}`), fake{"/etc/systemd/system/u.service": "-> /dev/null"}))
}

func TestPresetsTellTheirText(t *testing.T) {
	const preset = "/etc/systemd/system-preset/20-ignition.preset"
	wanted := unitsOf(t, `{'name':'a.service','enabled':true,'contents':'[Install]\nWantedBy=b.target\n'}`)
	assert.Contains(t, results(t, wanted, fake{preset: "enable c.service\n"}),
		"file "+preset+` -1 -1:-1 "enable c.service\nenable a.service\n" true false`)
	assert.Contains(t, results(t, wanted, fake{preset: "-> /dev/null"}),
		"file "+preset+` -1 -1:-1 "enable a.service\n" true false`)
	written := storage(t, `'files':[{'path':'`+preset+`','contents':{'source':'data:,%23'}}]`)
	written.Systemd = wanted.Systemd
	assert.Contains(t, results(t, written, fake{}), "file "+preset+` -1 -1:-1 "" false false`)
}

func TestAccountFilesTellTheirTexts(t *testing.T) {
	all := results(t, parse(t, `{"passwd":{"groups":[{"name":"g","gid":900}]}}`),
		fake{"/etc/group": "root:x:0:\n", "/etc/gshadow": "root:*::\n"})
	assert.Equal(t, []string{`file /etc/group -1 -1:-1 "root:x:0:\ng:x:900:\n" true false`,
		`file /etc/gshadow -1 -1:-1 "root:*::\ng:!::\n" true false`}, all)
}

func TestHomesAndKeysTellTheirPlaces(t *testing.T) {
	all := results(t, parse(t, `{"passwd":{"users":[{"name":"core","homeDir":"/var/home/core","uid":1500,
		"sshAuthorizedKeys":["ssh-ed25519 AAAA"]}]}}`), fake{"/etc/passwd": "root:x:0:0::/root:/bin/sh\n",
		"/etc/group": "root:x:0:\n", "/home": "-> var/home", "/var/": ""})
	assert.Contains(t, all, "directory /var/home/core 755 1500:100")
	assert.Contains(t, all, `file /var/home/core/.ssh/authorized_keys 600 1500:100 "ssh-ed25519 AAAA\n" true false`)
}
