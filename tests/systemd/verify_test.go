//go:build disk

package systemd

import (
	"encoding/json"
	"fmt"
	"net/url"
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
	"github.com/glowplug-os/glowplug/internal/directives"
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
		{"timer", "[Timer]\nOnCalendar=often\nUnit=known.service\n", false},
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
	all = append(all, service("MemoryMax=1GB", "MemoryMax=1G", "MemoryMax=1.5G", "MemoryMax=1G 500M",
		"MemoryMax=50%", "MemoryMax=infinity", "MemoryMax=1g", "MemoryMax=lots", "MemoryHigh=512 M", "MemoryMax=-1",
		"MemoryMax=100B", "MemorySwapMax=0", "MemoryMin=1K", "MemoryLow=33.3%", "MemoryMax=1Gi", "MemoryMax=unlimited",
		"Nice=33", "Nice=19", "Nice=-20", "Nice=-21", "Nice=low", "Nice=+5", "OOMScoreAdjust=-1000",
		"OOMScoreAdjust=1001", "OOMScoreAdjust=x", "CPUWeight=0", "CPUWeight=10000", "CPUWeight=10001",
		"CPUWeight=idle", "CPUWeight=50%", "IOWeight=idle", "IOWeight=100", "IOWeight=0", "TasksMax=infinity",
		"TasksMax=10%", "TasksMax=10", "TasksMax=max", "TasksMax=-5", "LimitNOFILE=lots", "LimitNOFILE=1024:lots",
		"LimitNOFILE=infinity:infinity", "LimitNOFILE=64k", "LimitMEMLOCK=64M", "LimitMEMLOCK=64MB",
		"LimitCORE=0", "LimitCORE=32M:64M", "LimitCPU=5min", "LimitCPU=fast", "LimitNPROC=-1", "LimitNICE=+5",
		"LimitNICE=low", "LimitRTPRIO=99", "LimitAS=4G", "LimitSTACK=8388608", "LimitNOFILE=:5",
		"KillSignal=foo", "KillSignal=SIGTERM", "KillSignal=INT", "KillSignal=9", "KillSignal=sigint",
		"KillSignal=RTMIN+3", "KillSignal=SIGRTMAX-1", "KillSignal=SIGRTMIN", "KillSignal=0", "KillSignal=SIGFOO",
		"KillSignal=SIGTERM SIGINT", "FinalKillSignal=SIGQUIT", "WatchdogSignal=abrt", "ReloadSignal=SIGHUP",
		"RestartKillSignal=SIGX", "StandardOutput=jurnal", "StandardOutput=journal+console", "StandardOutput=file:/x",
		"StandardOutput=append:/x", "StandardOutput=file:x", "StandardOutput=/var/log/x", "StandardError=inherit",
		"StandardError=truncate:/x", "StandardError=stdout", "StandardInput=tty", "StandardInput=inherit",
		"StandardInput=null", "StandardInput=file:/x", "StandardInput=append:/x", "StandardOutput=none",
		"PrivateTmp=yes # x", "PrivateTmp=disconnected", "PrivateTmp=true", "PrivateTmp=2", "PrivateMounts=yes # x",
		"MountAPIVFS=no", "DevicePolicy=strict", "DevicePolicy=open",
		"ExecStartPre=/bin/true \\\n# note \\\n  --a=b", "Restart=\\\n; note\n  often=x",
		"# a \\\nRestart=often", "KillMode=mixed \\\n\nRestart=often")...)
	for _, mute := range service("SyslogFacility=foo",
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
var complaint = regexp.MustCompile(`ignoring|path is not absolute|Ignoring|Refusing|fatal error|bad unit file setting`)

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

// TestDropInsAreReadAsSystemdReadsThem holds which of two drop-ins of one name counts: with a program in both, in the
// first alone and in the second alone.
func TestDropInsAreReadAsSystemdReadsThem(t *testing.T) {
	const program, none, unit = "[Service]\nExecStart=/bin/true\n", "[Unit]\nDescription=x\n", "web-a@b.service"
	var places []string
	for _, owner := range []string{"service", "web-.service", "web-a@.service", unit} {
		places = append(places, "/etc/systemd/system/"+owner+".d/a.conf", "/usr/lib/systemd/system/"+owner+".d/a.conf")
	}
	told := map[bool]int{}
	for i, first := range places {
		for _, second := range places[i+1:] {
			for _, texts := range [][2]string{{program, program}, {program, none}, {none, program}} {
				files := map[string]string{"/etc/systemd/system/" + unit: none, first: texts[0], second: texts[1]}
				said, refused := verified(t, files, "/etc/systemd/system/"+unit)
				ours := slices.Contains(advisedOf(t, files), codes.UnitRefused)
				assert.Equal(t, refused, ours, "%v\n%s", files, said)
				told[refused]++
			}
		}
	}
	assert.Greater(t, told[true], 10)
	assert.Greater(t, told[false], 10)
}

// verified has systemd read a unit of a root that has these files, and tells whether it refuses it.
func verified(t *testing.T, files map[string]string, name string) (said string, refused bool) {
	t.Helper()
	root := trixie(t)
	folder, err := os.MkdirTemp(filepath.Join(root, "tmp"), "units")
	require.NoError(t, err)
	defer func() { _ = os.RemoveAll(folder) }()
	for at, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, at)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, at), []byte(text), 0o644))
	}
	inside := "/tmp/" + filepath.Base(folder)
	verify := exec.Command("chroot", root, "env", "SYSTEMD_UNIT_PATH="+inside+"/etc/systemd/system:"+inside+
		"/usr/lib/systemd/system:/usr/lib/systemd/system", "systemd-analyze", "verify", "--man=no", "--generators=no",
		inside+name)
	out, _ := verify.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		refused = refused || complaint.MatchString(line) && strings.Contains(line, filepath.Base(name))
	}
	return string(out), refused
}

// advisedOf gives the codes of what is said of files.
func advisedOf(t *testing.T, files map[string]string) []codes.Code {
	t.Helper()
	var list []any
	for at, text := range files {
		list = append(list, map[string]any{"path": at, "contents": map[string]any{"source": "data:," +
			url.PathEscape(text)}})
	}
	return told(t, map[string]any{"storage": map[string]any{"files": list}})
}

// advised gives the codes of what is said of a unit.
func advised(t *testing.T, name, text string) []codes.Code {
	t.Helper()
	return told(t, map[string]any{"systemd": map[string]any{
		"units": []any{map[string]any{"name": name, "contents": text}}}})
}

// told gives the codes of what is said of a config.
func told(t *testing.T, members map[string]any) (found []codes.Code) {
	t.Helper()
	members["ignition"] = map[string]any{"version": "3.4.0"}
	config, err := json.Marshal(members)
	require.NoError(t, err)
	r := load.ReadWith(tree.NewArena(), "x", string(config), load.Options{
		Rules: func(doc *document.Document) []diag.Problem { return lint.Document(doc, lint.Options{}) }})
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

// TestTimesAreThoseOfSystemd has systemd read times of a calendar. Names of zones are not looked up here.
func TestTimesAreThoseOfSystemd(t *testing.T) {
	root, told := trixie(t), map[bool]int{}
	setting, known := directives.Find("Timer", "OnCalendar")
	require.True(t, known)
	for _, value := range strings.Split(calendars, "|") {
		verdict := exec.Command("chroot", root, "systemd-analyze", "calendar", "--", value).Run() == nil
		assert.Equal(t, verdict, setting.Takes("Timer", "OnCalendar", value) == "", value)
		told[verdict]++
	}
	assert.Greater(t, told[true], 50)
	assert.Greater(t, told[false], 60)
}

const calendars = `*/2:00|*:*/5|*:*/5:00|*-*-* *:*/5:00|*:0/5|*:55/4|2012-10-15T12:00|Sat..Mon|Mon-Fri|` +
	`Mon,|Mon..|mon 5:00|Mon *-5~7|*-2~3|*-*~7/1|*~07/1|05~07/1|5|5:00|1|*|*-*|*-*-*|2024|24:00|23:60|0:0:60|` +
	`0:0:59.9999|0:0:1.5/0.5|@1395716396|@1395716396.5|@-5|12:00 PM|12:00 am|daily Europe/Berlin|daily UTC|daily utc|` +
	`Daily|anually|every day|Mon Tue|13-1-1|2300-1-1|*-13-1|*-*-32|*-*-0|5..3:00|5..5:00|0/0:00|0/23:00|` +
	`*-*-1..31/7|Mon..Fri,Sun 8..17,20/2:00,30|+5:00|* *:0|*:0,*|*,5:00|Mon   5:00|5:00 Mon|weekly Mon|2024-02-30|` +
	`1~1|*-*-*~1|5:|:5|1-1-1-1|5:5:5:5|Mo|Mon.|Mond|Tues|mon,tue|mon, tue|0 5 * * *|*/5 * * * *|*-*-* 4|5min|60:00|` +
	`70-1-1|0x5:00|1e3:00|bi-annually|hourly UTC UTC|UTC|*-*-01,15|*-1,7-1|*-*-1/7|0:0:0.|05:00 +02:00|` +
	`05:00 Etc/UTC|never|@reboot|@daily|Monday..friday|Mon..Wed..Fri|Mon,Wed..Fri,Sun|Thu,Fri 2012-*-1,5 11:12:13|` +
	`Wed *-1|Wed..Wed,Wed *-1|Wed, 17:48|Wed..Sat,Tue 12-10-15 1:2:3|10-15|monday *-12-* 17:00|*:2/3|*:20/15|` +
	`*-*-7 0:0:0|10-15 1:2|05:40|05:40:23.420|Sat,Sun 12-05 08:05:40|Sat,Sun 08:05:40|2003-03-05 05:40|` +
	`05:40:23.4200004/3.1700005|2003-02..04-05|2003-03-05 05:40 UTC|2003-03-05|03-05|minutely|hourly|monthly|weekly|` +
	`yearly|annually|quarterly|semiannually|biweekly|daily 5:00|Mon..Fri 9..17:00/15|Mon..Fri *-*-* 9:00|*-*-* 25:00|` +
	`*-*-1,,2|5,:00|*:0/|8..10/5:00|8..18/2:00|*-*-* 06:00:00 Mon|06:00 daily|Mon/2|1/2:3/4:5/6|*-*-*/2|2024/2-1-1|` +
	`*-*-* *:*:*|*:*:0/30|00:00..30|0:0:1.5..3|0:0:5..|..5:00`
