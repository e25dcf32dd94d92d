//go:build vmhost

package boot

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/tests/foretold"
	"github.com/glowplug-os/glowplug/tests/vm/machine"
)

// A box is one machine that is booted again and again with the same disks, cold each time.
type box struct {
	t      *testing.T
	parts  machine.Parts
	initrd string
	dir    string // of its disks
	spec   machine.Spec
	boots  int

	firmware bool // the kernel comes from a network or a disk
	// A config that the booted system can read, for commands of checks; nil for none.
	later []byte
	// rendered is the config that the last first boot has carried out; nil before one. Each booted system is held
	// against it by glowplug verify.
	rendered []byte
	// What that cannot know of this machine: "subject: why". All else has to be as described.
	notKnown []string
}

// newBox gives a machine whose root is a fresh Debian, with the blank disks data0 and data1.
func newBox(t *testing.T, suite string) *box {
	t.Helper()
	return newBoxOf(t, machine.FirstBoot(suite))
}

// newBoxOf is newBox with another root.
func newBoxOf(t *testing.T, recipe machine.Recipe) *box {
	t.Helper()
	parts, initrd := prepareRoot(t, recipe)
	b := &box{t: t, parts: parts, initrd: initrd, dir: t.TempDir()}
	b.spec.Disks = []machine.Disk{
		{Name: "root", Path: b.disk("root"), Base: parts.Root},
		{Name: "data0", Path: b.disk("data0"), SizeMiB: 1024},
		{Name: "data1", Path: b.disk("data1"), SizeMiB: 256},
	}
	return b
}

// disk is the path of a disk's image.
func (b *box) disk(name string) string { return filepath.Join(b.dir, name) }

// made is what prepareRoot has made in this process, by the whole recipe.
var made struct {
	sync.Mutex
	parts   map[string]machine.Parts
	initrds map[string]string
}

// prepare gives the parts of a Debian and its initrd with our module in it, made on first use.
func prepare(t *testing.T, suite string) (machine.Parts, string) {
	t.Helper()
	return prepareRoot(t, machine.FirstBoot(suite))
}

func prepareRoot(t *testing.T, recipe machine.Recipe) (machine.Parts, string) {
	t.Helper()
	made.Lock()
	defer made.Unlock()
	root := fmt.Sprint(recipe)
	if initrd, there := made.initrds[root]; there {
		return made.parts[root], initrd
	}
	parts, err := machine.Prepare(t.Context(), recipe, os.Stderr)
	require.NoError(t, err)
	initrd, err := parts.Dracut(t.Context(), layer(t), []string{"glowplug-test"}, os.Stderr)
	require.NoError(t, err)
	if made.initrds == nil {
		made.parts, made.initrds = map[string]machine.Parts{}, map[string]string{}
	}
	made.parts[root], made.initrds[root] = parts, initrd
	return parts, initrd
}

// layer is a folder with what `make install` installs, and the part of a distribution.
func layer(t *testing.T, adapt ...func(dir string)) string {
	t.Helper()
	// Its path becomes an option of mount(8), so the name of a test, which may have a comma, must not be in it.
	dir, err := os.MkdirTemp("", "layer-")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	out, err := exec.Command("make", "-C", checkout, "install", "install-network", "DESTDIR="+dir).CombinedOutput()
	require.NoError(t, err, "make install: %s", out)
	module := filepath.Join(dir, "usr/lib/dracut/modules.d/40glowplug-test")
	require.NoError(t, os.CopyFS(module, os.DirFS("distribution")))
	require.NoError(t, os.WriteFile(filepath.Join(module, "witness.sh"), machine.WitnessScript, 0o755))
	program, err := os.ReadFile(filepath.Join(checkout, "bin", "glowplug"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(module, "glowplug"), program, 0o755))
	for _, more := range adapt {
		more(dir)
	}
	return dir
}

var checkout = filepath.Join("..", "..", "..")

// An outcome is one boot.
type outcome struct {
	machine.Result
	t       *testing.T
	proof   map[string]answer // by the name of the check
	journal string
	failure string // its failure.json
	kargs   string // what the helper for kernel arguments was called with
	disks   told   // what glowplug plan said before the disks stage
	files   told   // and before the files stage
}

// A told is what glowplug plan said: its plan in JSON, and the rest; and facts, with the config and the plan without
// contents that comes of it there.
type told struct{ plan, beside, facts, bare, config bytes.Buffer }

// ports are those on which a machine tells it.
func (told *told) ports(name string, all map[string]io.Writer) {
	for suffix, to := range map[string]io.Writer{"": &told.plan, "-said": &told.beside, "-facts": &told.facts,
		"-bare": &told.bare, "-config": &told.config} {
		all[name+suffix] = to
	}
}

// An answer is what a command in the machine printed, and its exit status.
type answer struct {
	Name, Output string
	Status       int
}

// first boots with a config on the platform qemu.
func (b *box) first(config []byte, checks []check, args ...string) outcome {
	b.t.Helper()
	spec := b.spec
	spec.FwCfg = map[string][]byte{"opt/com.coreos/config": config}
	return b.boot(spec, checks, append([]string{"ro", "ignition.firstboot", "ignition.platform.id=qemu"}, args...)...)
}

// again boots the same disks as images do that have been provisioned.
func (b *box) again(checks []check, args ...string) outcome {
	b.t.Helper()
	return b.boot(b.spec, checks, append([]string{"rw", "ignition.platform.id=qemu"}, args...)...)
}

// quiet: what the kernel and systemd say on a serial line takes the emulation seconds. A busy host makes devices late.
var quiet = []string{"root=LABEL=root", "glowplug.timeout.device=1h", "quiet", "systemd.show_status=0",
	"rd.udev.log_level=3", "net.ifnames=0"}

// boot runs the machine until it switches itself off: after the checks, or as a failed boot.
func (b *box) boot(spec machine.Spec, checks []check, args ...string) outcome {
	b.t.Helper()
	b.boots++
	o := outcome{t: b.t, proof: map[string]answer{}}
	var proof, journal, failure, kargs bytes.Buffer
	spec.Ports = map[string]io.Writer{"proof": &proof, "journal": &journal, "failure": &failure, "kargs": &kargs}
	o.disks.ports("plan-disks", spec.Ports)
	o.files.ports("plan-files", spec.Ports)
	spec.FwCfg = maps.Clone(spec.FwCfg)
	if spec.FwCfg == nil {
		spec.FwCfg = map[string][]byte{}
	}
	spec.FwCfg["opt/glowplug/proof"] = script(checks)
	for name, config := range map[string][]byte{"later": b.later, "rendered": b.rendered} {
		if config != nil {
			spec.FwCfg["opt/glowplug/"+name] = config
		}
	}
	if !b.firmware {
		spec.Kernel, spec.Initrd = b.parts.Kernel, cmp.Or(spec.Initrd, b.initrd)
	}
	spec.Args = append(slices.Concat(quiet, spec.Args), args...) // unless firmware boots
	spec.Remains = filepath.Join(b.t.ArtifactDir(), fmt.Sprintf("ended-%d", b.boots))
	console, err := os.Create(filepath.Join(b.t.ArtifactDir(), fmt.Sprintf("console-%d.log", b.boots)))
	require.NoError(b.t, err)
	defer console.Close()
	spec.Console = console
	cut := spec.Until
	spec.Until = func(line machine.Line) bool { return stuck(line) || cut != nil && cut(line) }
	o.Result, err = machine.Run(b.t.Context(), spec)
	require.NoError(b.t, err, "boot %d:\n%s", b.boots, o.Tail(60))
	o.journal, o.failure, o.kargs = journal.String(), failure.String(), kargs.String()
	for line := range strings.Lines(proof.String()) {
		var a answer
		require.NoError(b.t, json.Unmarshal([]byte(line), &a), line)
		o.proof[a.Name] = a
	}
	o.wasForetold()
	if _, whole := o.proof[ended]; whole && o.disks.config.Len() > 0 {
		b.rendered = merged(b.t, o.disks.config.Bytes())
	}
	b.isAsDescribed(&o)
	o.disks.isPlannedElsewhere(b.t)
	o.files.isPlannedElsewhere(b.t)
	fmt.Fprintf(b.t.Output(), "boot %d took %.1f s\n", b.boots, o.Took.Seconds())
	for name, text := range map[string][]byte{"journal-%d.log": journal.Bytes(), "disks-%d.json": o.disks.plan.Bytes(),
		"files-%d.json": o.files.plan.Bytes()} {
		if len(text) > 0 {
			require.NoError(b.t,
				os.WriteFile(filepath.Join(b.t.ArtifactDir(), fmt.Sprintf(name, b.boots)), text, 0o600))
		}
	}
	return o
}

// wasForetold holds what the disks stage has done against the plan from just before it. One that has failed may have
// done less.
func (o *outcome) wasForetold() {
	o.t.Helper()
	if o.disks.plan.Len() == 0 || !strings.Contains(o.journal, ": disks passed\n") {
		return
	}
	p := o.disks.parse(o.t)
	assert.Empty(o.t, p.Disks(o.journal), "%s", &o.disks.plan)
	assert.Contains(o.t, o.disks.beside.String(), fmt.Sprintf("exit status %d\n", p.Exit))
}

// merged is a config that a fetch stage has left, which still names all that it is merged of, as it is read elsewhere.
func merged(t *testing.T, rendered []byte) []byte {
	t.Helper()
	var c object
	require.NoError(t, json.Unmarshal(rendered, &c))
	delete(c["ignition"].(object), "config")
	return encode(t, c)
}

// asDescribedBy is glowplug verify in the booted system, with the config of its first boot: that which it has left, or
// in a later boot the host; or box.later, where there was no such boot. It prints what is not as described.
var asDescribedBy = check{what: "glowplug verify", command: `
of=/sys/firmware/qemu_fw_cfg/by_name/opt/glowplug
for config in $of/later/raw $of/rendered/raw /run/ignition.json; do
	[ ! -e $config ] || found=$config
done
/run/glowplug-test verify --format json $found >/run/verify.json 2>/run/verify.txt
status=$?
[ -s /run/verify.json ] || cat /run/verify.txt
jq -c '[.items[] | select(.state != "as-described")]' /run/verify.json
rm /run/verify.json /run/verify.txt
exit $status`}

// isAsDescribed holds a booted system against its config, which every boot does that comes so far.
func (b *box) isAsDescribed(o *outcome) {
	b.t.Helper()
	if _, there := o.proof[ended]; !there {
		return
	}
	a := o.proof[asDescribedBy.what]
	var items []struct {
		Subject, State string
		Findings       []string
	}
	require.NoError(b.t, json.Unmarshal([]byte(a.Output), &items), "glowplug verify: %s", a.Output)
	var differ, notKnown []string
	for _, i := range items {
		what := i.Subject + ": " + strings.Join(i.Findings, "; ")
		if i.State == string(codes.NotKnown) {
			notKnown = append(notKnown, what)
		} else {
			differ = append(differ, what)
		}
	}
	assert.Empty(b.t, differ, "glowplug verify in boot %d: what differs", b.boots)
	assert.ElementsMatch(b.t, b.notKnown, notKnown, "glowplug verify in boot %d: what is not known", b.boots)
	exit := drift.AllAsDescribed
	if len(b.notKnown) > 0 {
		exit = drift.SomeNotKnown
	}
	assert.EqualValues(b.t, exit, a.Status, "glowplug verify in boot %d: exit status", b.boots)
}

// isPlannedElsewhere: on the machine's facts the plan is made here that was made there.
func (told *told) isPlannedElsewhere(t *testing.T) {
	t.Helper()
	if told.facts.Len() == 0 || told.bare.Len() == 0 {
		return // the machine has not come that far
	}
	dir := t.TempDir()
	config, facts := filepath.Join(dir, "ignition.json"), filepath.Join(dir, "facts.json")
	require.NoError(t, os.WriteFile(config, told.config.Bytes(), 0o600))
	require.NoError(t, os.WriteFile(facts, told.facts.Bytes(), 0o600))
	program := filepath.Join(checkout, "bin", "glowplug")
	out, err := exec.Command(program, "plan", "--facts", facts, "--format", "json", config).Output()
	if exit := (*exec.ExitError)(nil); err != nil {
		require.ErrorAs(t, err, &exit)
		require.NotEmpty(t, out, "%s\n%s", exit.Stderr, &told.facts)
	}
	assert.Equal(t, told.bare.String(), strings.ReplaceAll(string(out), config, "/run/ignition.json"))
}

func (told *told) parse(t *testing.T) foretold.Plan {
	t.Helper()
	p, err := foretold.Parse(told.plan.Bytes())
	require.NoError(t, err, "%s%s", &told.plan, &told.beside)
	return p
}

// stuck: the booted system has given up, and would wait for somebody to type.
func stuck(line machine.Line) bool {
	return strings.Contains(line.Text, "You are in emergency mode") ||
		strings.Contains(line.Text, "Cannot open access to console")
}

// says whether a line of the console holds a text.
func (o outcome) says(text string) bool {
	return slices.ContainsFunc(o.Console, func(line machine.Line) bool { return strings.Contains(line.Text, text) })
}

// A check is a command that is run inside the booted system, and what it prints.
type check struct{ what, command, want string }

// ended is the name of the last answer.
const ended = "all checks ran"

// script runs checks, and glowplug verify behind them, and tells of each on a port as a line of JSON.
func script(checks []check) []byte {
	var s strings.Builder
	fmt.Fprintln(&s, `exec 3>/dev/virtio-ports/proof
check() {
	output=$(sh -c "$2" 2>&1 </dev/null 3>&-)
	status=$?
	jq -nc --arg name "$1" --arg output "$output" --argjson status $status '$ARGS.named' >&3
}`)
	for _, c := range append(slices.Clone(checks), asDescribedBy, check{what: ended, command: "true"}) {
		fmt.Fprintf(&s, "check %s %s\n", shellQuote(c.what), shellQuote(c.command))
	}
	fmt.Fprintln(&s,
		"exec 3>&-; journalctl -b -o short-monotonic --no-hostname --no-pager >/dev/virtio-ports/journal; sync")
	return []byte(s.String())
}

func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// must holds every check against what came out.
func (o outcome) must(checks []check) {
	o.t.Helper()
	require.Contains(o.t, o.proof, ended, "the booted system has not told all:\n%s%s", o.journal, o.Tail(60))
	for _, c := range checks {
		a := o.proof[c.what]
		assert.Equal(o.t, c.want, strings.TrimSpace(a.Output), "%s: %s", c.what, c.command)
		if c.want != "" {
			assert.Zero(o.t, a.Status, "%s: %s: exit status", c.what, c.command)
		}
	}
}

// proofUnit has the machine run what the host left in fw_cfg, in every boot, and then switches it off without ceremony.
// It comes with the config, or with test.proof on the command line from the test's part of the initramfs.
//
//go:embed distribution/proof.service
var proofUnit string

// withProof merges a config with the unit that runs the checks.
func withProof(t *testing.T, config []byte) []byte {
	t.Helper()
	proof := object{"ignition": object{"version": "3.4.0"}, "systemd": object{"units": []object{
		{"name": "proof.service", "enabled": true, "contents": proofUnit},
	}}}
	merged := object{"ignition": object{"version": "3.4.0", "config": object{"merge": []object{
		{"source": dataURL(config)}, {"source": dataURL(encode(t, proof))},
	}}}}
	return encode(t, merged)
}

type object = map[string]any

func encode(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return text
}

func dataURL(content []byte) string {
	return "data:;base64," + base64.StdEncoding.EncodeToString(content)
}

// testdata reads a file of the tests.
func testdata(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return text
}
