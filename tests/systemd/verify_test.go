//go:build disk

package systemd

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/lint"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// A sample is the text of a unit. Where mute is set, systemd has something to say that is not looked for here.
type sample struct {
	name, text string
	mute       bool
}

// service is one with further lines.
func service(lines ...string) (all []sample) {
	for _, line := range lines {
		text := "[Service]\nExecStart=/bin/true\n" + line + "\n"
		if rest, is := strings.CutPrefix(line, "Unit "); is {
			text = "[Unit]\n" + rest + "\n[Service]\nExecStart=/bin/true\n"
		}
		all = append(all, sample{name: "service", text: text})
	}
	return all
}

func samples() []sample {
	all := []sample{
		{"service", "[Unit]\nDescription=x\n", false}, {"service", "[Service]\nType=simple\n", false},
		{"service", "[Service]\nType=oneshot\nRemainAfterExit=yes\n", false},
		{"service", "[Service]\nExecStop=/bin/true\n", false},
		{"service", "[Service]\nRemainAfterExit=yes\nExecStop=/bin/true\n", false},
		{"service", "[Service]\nType=simple\nRemainAfterExit=yes\nExecStop=/bin/true\n", false},
		{"service", "[Service]\nType=oneshot\nExecStop=/bin/true\n", false},
		{"service", "[Unit]\nSuccessAction=reboot\n[Service]\n", false},
		{"service", "[Service]\nExecStartPre=/bin/true\nRemainAfterExit=yes\n", false},
		{"service", "[Service]\nExecStart=/bin/true ; /bin/false\n", false},
		{"service", "[Service]\nType=oneshot\nExecStart=/bin/true\nExecStart=/bin/false\n", false},
		{"service", "[Service]\nExecStart=/bin/true\nExecStart=\nExecStart=/bin/false\n", false},
		{"service", "[Service]\nExecStart=/bin/true\n[Timer]\nOnCalendar=daily\n", false},
		{"service", "[Service]\nExecStart=/bin/true\n[Whatever]\n", false},
		{"service", "[Service]\nExecStart=/bin/true\n[X-Foo]\nA=b\n", false},
		{"service", "[Service]\nExecStart=/bin/echo \\\n  b ; \\\n  /bin/true\n", false},
		{"timer", "[Unit]\nDescription=x\n", false}, {"timer", "[Timer]\nOnClockChange=no\nUnit=a.service\n", false},
		{"timer", "[Timer]\nOnClockChange=yes\nUnit=known.service\n", false},
		{"timer", "[Timer]\nOnCalendar=daily\nOnCalendar=\nUnit=known.service\n", false},
		{"timer", "[Timer]\nOnBootSec=5 min\nUnit=known.service\n", false},
		{"timer", "[Timer]\nOnBootSec=5 mn\nUnit=known.service\n", false},
		{"timer", "[Timer]\nOnCalendar=often\nUnit=known.service\n", true},
		{"socket", "[Socket]\nAccept=no\n", false},
		{"socket", "[Socket]\nListenStream=80\nService=known.service\n", false},
		{"path", "[Path]\nUnit=known.service\n", false},
		{"path", "[Path]\nPathExists=/a\nUnit=known.service\n", false},
		{"mount", "[Mount]\nWhat=/dev/sdx\n", false}, {"mount", "[Mount]\nWhere=/NAME\n", false},
		{"mount", "[Mount]\nWhat=tmpfs\nWhere=/NAME\nType=tmpfs\nOptions=size=1m\n", false},
		{"automount", "[Automount]\n", false}, {"swap", "[Swap]\n", false},
		{"target", "[Unit]\nDescription=x\n[Target]\n", false},
		{"target", "[Unit]\nDescription=x\n[Service]\nType=simple\n", false},
		{"slice", "[Slice]\nMemoryMax=1G\n", false}, {"slice", "[Slice]\nUser=a\n", false},
	}
	all = append(all, service("RemainAfterExit=On", "RemainAfterExit=t", "RemainAfterExit=Y", "RemainAfterExit=2",
		"RemainAfterExit=enabled", `RemainAfterExit="yes"`, "RemainAfterExit=yes # x", "SendSIGHUP=disable", "UMask=8",
		"UMask=0o22", "UMask=10000", "UMask=u=rwx", "RuntimeDirectoryMode=07777", "FileDescriptorStoreMax=-1",
		"FileDescriptorStoreMax=0x10", "Unit StartLimitBurst=infinity", "Unit StartLimitBurst=08", "RestartSec=5x",
		"RestartSec=5", "RestartSec=1min 20s", "RestartSec=1.5s", "RestartSec=infinity", "RestartSec=-5",
		"TimeoutStartSec=5minutes", "TimeoutStopSec=90 sec", "RestartSec=5S", "RestartSec=1m30", "RestartSec=1h30m",
		"TimeoutStartSec=never", "TimeoutSec=1year 2months 3weeks 4days", "RestartSec=1e3", "RestartSec=5μs",
		"RestartSec=100_000", "RestartSec=.5s", "RestartSec=5.s", "RestartSec=s", "WatchdogSec=1M",
		"TimeoutStopSec=1ns",
		"Unit After=foo", "Unit After=foo.servic", `Unit After="foo.service" b.service`, "Unit After=/srv",
		"Unit After=a.service,b.service", "Unit After=foo.service; b.service", "Unit Wants=a b.service",
		"Unit After=.service", "Unit After=network-online.target a@b.service", "Unit After=a@.service",
		"Unit After=%p.service",
		"RootDirectory=srv", "RootDirectory=-/srv", "RootDirectory=~", `RootDirectory="/srv"`, "WorkingDirectory=-/srv",
		"WorkingDirectory=~", "WorkingDirectory=%h", "WorkingDirectory=srv", "EnvironmentFile=x", "EnvironmentFile=-x",
		"EnvironmentFile=-/x", "PIDFile=run/x.pid", "TTYPath=tty1", "RuntimeDirectory=/run/x", "RuntimeDirectory=a b/c",
		"KillMode=foo", "KillMode=mixed", "Restart=on-failure # x", "Restart=On-Failure", "Restart=yes", "Restart=no",
		"Type=Simple", "Type=notify-reload", "NotifyAccess=foo", "NotifyAccess=all", "ProtectSystem=ro",
		"ProtectSystem=true", "ProtectSystem=strict", "ProtectHome=ro", "ProtectHome=read-only", "RestartMode=quick",
		"RestartMode=direct", "RestartMode=debug", "ExitType=foo", "ExitType=cgroup", "OOMPolicy=x", "OOMPolicy=kill",
		"LimitNOFILE=max", "LimitNOFILE=unlimited", "LimitNOFILE=1:2", "LimitNOFILE=infinity", "CPUQuota=50",
		"CPUQuota=50%",
		"Environment=A", "Environment=A = b", "Environment=A=b C=d", `Environment="A=b c"`, "Wibble=1",
		"After=a.service",
		"X-Foo=1", "[Install]\nWantedBy=multi-user.target", "[Service]\nrestart=no", "Type=dbus",
		"Type=dbus\nBusName=org.x",
		"Type=oneshot\nRestart=always", "Type=oneshot\nRestart=on-success", "Type=oneshot\nRestart=on-failure",
		"ExecStart=/bin/false", "ExecStartPre=bin/true", "ExecStartPre=-bin/true", "ExecStartPre=./true",
		"ExecStartPre=true",
		"ExecStartPre=@/bin/true foo", "ExecStartPre=!!/bin/true", "ExecStartPre=+-/bin/true",
		`ExecStartPre="/bin/true" a`,
		"ExecStartPre=${A}/true", `ExecStartPre=/bin/echo "a`, "ExecStartPre=/bin/echo it's",
		`ExecStartPre=/bin/echo it\'s`,
		`ExecStartPre=/bin/echo 'a "b' "c 'd"`, `ExecStartPre=/bin/echo a\x20b`, "ExecStartPre=~/true",
		`ExecStartPre=/bin/echo "a\"b"`, `ExecStartPre=/bin/echo 'a\'b'`)...)
	for _, mute := range service("MemoryMax=1GB", "KillSignal=foo", "Nice=33", "SyslogFacility=foo",
		"StateDirectory=../x",
		`ExecStartPre=/bin/echo \q`) {
		mute.mute = true
		all = append(all, mute)
	}
	for i := range all {
		name := fmt.Sprintf("t%03d", i)
		all[i].name, all[i].text = name+"."+all[i].name, strings.ReplaceAll(all[i].text, "NAME", name)
	}
	return all
}

// complaint is what systemd says of a unit that it takes in part, or not at all. That a program or another unit is not
// there is the sandbox's fault.
var complaint = regexp.MustCompile(`ignoring|Ignoring|Refusing|fatal error|bad unit file setting`)

// TestAdviceIsWhatSystemdSays has systemd read each sample.
func TestAdviceIsWhatSystemdSays(t *testing.T) {
	root := trixie(t)
	folder, err := os.MkdirTemp(filepath.Join(root, "tmp"), "units")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	inside := "/tmp/" + filepath.Base(folder)
	known := filepath.Join(folder, "known.service")
	require.NoError(t, os.WriteFile(known, []byte("[Service]\nExecStart=/bin/true\n"), 0o644))
	told := map[bool]int{}
	for _, s := range samples() {
		require.NoError(t, os.WriteFile(filepath.Join(folder, s.name), []byte(s.text), 0o644))
		verify := exec.Command("chroot", root, "env", "SYSTEMD_UNIT_PATH="+inside+":/usr/lib/systemd/system",
			"systemd-analyze", "verify", "--man=no", "--generators=no", inside+"/"+s.name)
		out, _ := verify.CombinedOutput()
		var said []string
		for line := range strings.Lines(string(out)) {
			if complaint.MatchString(line) && strings.Contains(line, s.name) {
				said = append(said, strings.TrimSpace(line))
			}
		}
		ours := advised(t, s.name, s.text)
		if s.mute {
			assert.NotEmpty(t, said, "%s: not said any more", s.text)
			assert.Empty(t, ours, s.text)
			continue
		}
		assert.Equal(t, len(said) > 0, len(ours) > 0, "%s\nsystemd: %v\nours: %v", s.text, said, ours)
		told[len(said) > 0]++
	}
	assert.Greater(t, told[true], 70)
	assert.Greater(t, told[false], 50)
}

// advised gives the codes of what is said of a unit.
func advised(t *testing.T, name, text string) (found []codes.Code) {
	t.Helper()
	config, err := json.Marshal(map[string]any{"ignition": map[string]any{"version": "3.4.0"},
		"systemd": map[string]any{
			"units": []any{map[string]any{"name": name, "contents": text}}}})
	require.NoError(t, err)
	r := load.ReadWith(tree.NewArena(), "x", string(config), load.Options{
		Rules: func(doc *document.Document) []diag.Problem { return lint.Document(doc, nil) }})
	for _, p := range r.Problems {
		found = append(found, p.Code)
	}
	return found
}

// TestNothingIsSaidOfDebiansUnits: a unit that ships is right.
func TestNothingIsSaidOfDebiansUnits(t *testing.T) {
	root, count := trixie(t), 0
	for _, folder := range []string{"system", "user"} {
		files, err := filepath.Glob(filepath.Join(root, "usr/lib/systemd", folder, "*"))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil || !slices.Contains(unit.Kinds(), filepath.Ext(file)) || len(text) == 0 {
				continue // a folder, or masked
			}
			count++
			assert.Empty(t, advised(t, filepath.Base(file), string(text)), file)
		}
	}
	assert.Greater(t, count, 100)
}
