package disks

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks/volume"
	"github.com/glowplug-os/glowplug/tests/machines"
)

// The volumes of the fixtures: plain is called data; marked is called boxes, and has the mark of a first boot.
const (
	plainUUID  = "6d0c1d3c-3b0b-4a1e-9a64-2f0f3a7c1e55"
	markedUUID = "0a8e9f3e-8a3c-4e4e-8f77-5f4b5f3f0b11"
)

const keyed = `'name': 'v', 'device': '$/a', 'keyFile': {'source': 'data:,open-sesame'}`

func TestVolumesAsPeopleReadThem(t *testing.T) {
	const key, again = "+ key of luks v  data:,…\n", "= key of luks v  data:,…\n"
	const plain = `luks v ($.storage.luks.0): $/a (8 MiB, crypto_LUKS "data", UUID ` + plainUUID +
		`) is not to be lost: `
	for name, c := range map[string]struct {
		header, config, want string
	}{
		"a blank device gets a volume": {"", `'name': 'v', 'device': '$/a', 'label': 'L', 'uuid': '` + plainUUID + `'`,
			"+ key of luks v  random\n+ luks v         LUKS 2 on $/a, label \"L\", UUID " + plainUUID +
				"\n~ luks v         opened as /dev/mapper/v\n"},
		"clevis takes steps of its own": {"", `'name': 'v', 'device': '$/a', ` +
			`'clevis': {'tpm2': true, 'tang': [{'url': 'http://u:p@t/x?k=v', 'thumbprint': 'T'}]}`,
			"+ key of luks v  random\n+ luks v         LUKS 2 on $/a\n~ luks v         opened as /dev/mapper/v\n" +
				"~ luks v         bound by clevis to 1 of tang http://…@t/x?k=…, tpm2\n" +
				"~ luks v         closed, and opened by clevis\n~ luks v         opens by clevis alone\n"},
		"one with a key keeps it beside clevis, and cannot try a distant policy": {"",
			keyed + `, 'clevis': {'threshold': 2, 'tpm2': true, 'tang': [{'url': 'http://t', 'thumbprint': 'T', ` +
				`'advertisement': '{}'}]}`,
			key + "+ luks v         LUKS 2 on $/a\n~ luks v         opened as /dev/mapper/v\n" +
				"~ luks v         bound by clevis to 2 of tang http://t, tpm2\n"},
		"a Crypto Express volume has a secure key": {"", `'name': 'v', 'device': '$/a', 'cex': {'enabled': true}`,
			"+ key of luks v         /etc/luks/cex.key\n+ secure key of luks v  ignition-luks-v\n" +
				"+ luks v                LUKS 2 on $/a\n~ luks v                opened as /dev/mapper/v\n"},
		"a volume as wanted is used": {"plain", keyed, again + "~ luks v         opened as /dev/mapper/v\n"},
		"its label and UUID are compared": {"plain", keyed + `, 'label': 'data', 'uuid': '` +
			strings.ToUpper(plainUUID) + `'`, again + "~ luks v         opened as /dev/mapper/v\n"},
		"no label is not any label": {"plain", keyed + `, 'label': ''`, plain + `its label is "data", not ""`},
		"another UUID": {"plain", keyed + `, 'uuid': '` + markedUUID + `'`,
			plain + "its UUID is " + plainUUID + ", not " + markedUUID},
		"an empty UUID is any UUID, as for a new one": {"plain", keyed + `, 'uuid': ''`,
			again + "~ luks v         opened as /dev/mapper/v\n"},
		"what options give goes": {"plain", keyed + `, 'label': 'x', 'uuid': '` + markedUUID +
			`', 'options': ['--label=data', '--uuid', '` + plainUUID + `']`,
			again + "~ luks v         opened as /dev/mapper/v\n"},
		"without a key": {"plain", `'name': 'v', 'device': '$/a'`,
			plain + "the config has no key that opens it"},
		"with a policy": {"plain", keyed + `, 'clevis': {'tpm2': true}`,
			plain + "a volume that is bound by clevis is not used again"},
		"discards that are not passed": {"plain", keyed + `, 'discard': true`,
			plain + "it does not pass discards through, which the config asks for"},
		"options do not count": {"plain", keyed + `, 'options': ['--cipher', 'x'], 'openOptions': ['--y']`,
			again + "~ luks v         opened as /dev/mapper/v\n"},
		"a wipe is asked for": {"plain", keyed + `, 'wipeVolume': true`, key + "- luks v         LUKS 2 on $/a; " +
			"crypto_LUKS \"data\", UUID " + plainUUID + " on it is lost\n~ luks v         opened as /dev/mapper/v\n"},
		"a first boot was cut off": {"marked", `'name': 'v', 'device': '$/a'`, "+ key of luks v  random\n- luks " +
			"v         LUKS 2 on $/a, again: it was not made to its end\n~ luks v         opened as /dev/mapper/v\n"},
		"a first boot was cut off, with key": {"marked", keyed, key + "- luks v         LUKS 2 on $/a, " +
			"again: it was not made to its end\n~ luks v         opened as /dev/mapper/v\n"},
		"LUKS 1": {"one", keyed, `luks v ($.storage.luks.0): $/a (8 MiB, crypto_LUKS, ` +
			`UUID 2b0f4c5e-9e59-4a0e-8e3c-0c1f5d7f9a22) is not to be lost: it is a LUKS 1 volume`},
		"a filesystem": {"ext4", keyed,
			`luks v ($.storage.luks.0): $/a (8 MiB, ext4 "box") is not to be lost: it is no LUKS 2 volume`},
		"a partition table": {"table", keyed, `luks v ($.storage.luks.0): $/a (8 MiB, ` +
			`nothing known on it) is not to be lost: it has a partition table`},
		"a partition table that may go": {"table", keyed + `, 'wipeVolume': true`, key +
			"- luks v         LUKS 2 on $/a; its partition table is lost\n~ luks v         opened as /dev/mapper/v\n"},
		"no device": {"", `'name': 'v', 'device': '$/none'`,
			"luks v ($.storage.luks.0): not known, because device $/none: no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			switch c.header {
			case "ext4":
				machines.Put(t, b.image("a", ""), 1024, machines.Ext4("box"))
			case "table":
				b.image("a", "")
				tableOn(b, "a")
			default:
				b.image("a", c.header)
			}
			assert.Equal(t, c.want, b.preview("{'luks': [{"+c.config+"}]}"))
		})
	}
}

func TestFlagsOfAVolumeThatIsUsedAgain(t *testing.T) {
	b := newBench(t)
	withFlags(t, b.image("a", "plain"), `"allow-discards"`)
	assert.Contains(t, b.preview("{'luks': [{"+keyed+", 'discard': true}]}"), "~ luks v")
	assert.Contains(t, b.preview("{'luks': [{"+keyed+", 'openOptions': ['--allow-discards']}]}"), "~ luks v")
	assert.Contains(t, b.preview("{'luks': [{"+keyed+"}]}"),
		"it passes discards through, which the config does not ask for")
}

func TestADamagedVolumeIsOursOnlyWithTheMark(t *testing.T) {
	b := newBench(t)
	for _, header := range []string{"plain", "marked"} {
		image := b.image(header, header)
		machines.Put(t, image, 4096, bytes.Repeat([]byte{'x'}, 100))
		machines.Put(t, image, 16384, make([]byte, 4096))
	}
	assert.Contains(t, b.preview(strings.Replace("{'luks': [{"+keyed+"}]}", "$/a", "$/plain", 1)),
		"its header is damaged")
	assert.Contains(t, b.preview(strings.Replace("{'luks': [{"+keyed+"}]}", "$/a", "$/marked", 1)),
		"again: it was not made to its end")
}

func TestOneDeviceForTwoVolumes(t *testing.T) {
	b := newBench(t)
	require.NoError(t, os.Symlink(b.image("a", ""), b.dir+"/link"))
	assert.Equal(t, "luks y ($.storage.luks.1): $/link is in $.storage.luks.0 already",
		b.preview("{'luks': [{'name': 'x', 'device': '$/a'}, {'name': 'y', 'device': '$/link'}]}"))
}

func TestHowVolumesAreMade(t *testing.T) {
	const k = " --key-file /proc/self/fd/3"
	for name, c := range map[string]struct {
		header, config, want string
	}{
		"with a key": {"", keyed + `, 'label': 'L', 'uuid': '` + plainUUID +
			`', 'options': ['--pbkdf', 'pbkdf2'], 'discard': true, 'openOptions': ['--perf-no_read_workqueue']`,
			"cryptsetup luksFormat --type luks2" + k + " --label L --uuid " +
				plainUUID + " --subsystem glowplug-first-boot --pbkdf pbkdf2 $/aliases$/a <<open-sesame\n" +
				"cryptsetup luksOpen $/aliases$/a v" +
				k + " --persistent --allow-discards --perf-no_read_workqueue <<open-sesame\n"},
		"with a subsystem that the config gives": {"", keyed + `, 'options': ['--subsystem=mine']`,
			"cryptsetup luksFormat --type luks2" + k + " --subsystem=mine $/aliases$/a <<open-sesame\n" +
				"cryptsetup luksOpen $/aliases$/a v" + k + " --persistent <<open-sesame\n"},
		"wiped and bound": {"bound", keyed + `, 'wipeVolume': true, 'clevis': {'tpm2': true}`,
			"wipefs -a $/aliases$/a\n" +
				"cryptsetup luksFormat --type luks2" +
				k + " --subsystem glowplug-first-boot $/aliases$/a <<open-sesame\n" +
				"cryptsetup luksOpen $/aliases$/a v" + k + " --persistent <<open-sesame\n" +
				"clevis luks bind -f -k /proc/self/fd/3 -d $/aliases$/a sss {\"pins\":{\"tpm2\":{}},\"t\":1} " +
				"<<open-sesame\nclevis luks unlock -d $/aliases$/a -n v\n"},
		"used again": {"plain", keyed, "cryptsetup luksOpen $/aliases$/a v" + k + " --persistent <<open-sesame\n"},
		"wiped": {"plain", keyed + `, 'wipeVolume': true`, "wipefs -a $/aliases$/a\n" +
			"cryptsetup luksFormat --type luks2" + k + " --subsystem glowplug-first-boot $/aliases$/a <<open-sesame\n" +
			"cryptsetup luksOpen $/aliases$/a v" + k + " --persistent <<open-sesame\n"},
		"bound, with a key": {"", keyed + `, 'clevis': {'tpm2': true, 'tang': [{'url': 'http://t', ` +
			`'thumbprint': 'T'}, {'url': 'http://o', 'thumbprint': 'O', 'advertisement': '{\'payload\': 1}'}]}`,
			"cryptsetup luksFormat --type luks2" + k + " --subsystem glowplug-first-boot $/aliases$/a <<open-sesame\n" +
				"cryptsetup luksOpen $/aliases$/a v" + k + " --persistent <<open-sesame\n" +
				"GET http://t/adv\n" +
				`clevis luks bind -f -k /proc/self/fd/3 -d $/aliases$/a sss {"pins":{"tang":[{"url":"http://t",` +
				`"thp":"T"},{"url":"http://o","thp":"O","adv":{"payload":1}}],"tpm2":{}},"t":1} <<open-sesame` + "\n" +
				"clevis luks unlock -d $/aliases$/a -n v\n"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.image("a", c.header)
			keys, ran, err := b.run("{'luks': [{" + strings.ReplaceAll(c.config, `\'`, `\"`) + "}]}")
			require.NoError(t, err)
			assert.Equal(t, c.want, ran)
			assert.Equal(t, map[string]diag.Secret{"v": "open-sesame"}, keys.Volumes)
		})
	}
}

func TestARandomKeyGoesAwayOnceClevisOpensTheVolume(t *testing.T) {
	b := newBench(t)
	b.options.Random = bytes.NewReader(bytes.Repeat([]byte{0xa1, 0xb2}, 4096))
	b.image("a", "")
	config := `{'luks': [{'name': 'v', 'device': '$/a'%s}]}`
	keys, ran, err := b.run(strings.Replace(config, "%s", "", 1))
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("a1b2", 2048), keys.Volumes["v"].Reveal())
	assert.Contains(t, ran, "<<a1b2a1b2a1b2\n")

	b.image("a", "")
	keys, ran, err = b.run(strings.Replace(config, "%s", ", 'clevis': {'custom': {'pin': 'mine', 'config': '{}'}}", 1))
	require.NoError(t, err)
	assert.Empty(t, keys.Volumes)
	assert.Equal(t, "clevis luks bind -f -k /proc/self/fd/3 -d $/aliases$/a mine {} <<a1b2a1b2a1b2\n"+
		"cryptsetup luksRemoveKey $/aliases$/a /proc/self/fd/3 <<a1b2a1b2a1b2\n", ran[strings.Index(ran, "clevis"):])

	b.image("a", "")
	_, _, err = b.run(strings.Replace(config, "%s", "", 1))
	require.ErrorContains(t, err, "key of luks v ($.storage.luks.0): random key: EOF")
}

func TestKeysAreGotBeforeAnyVolumeIsTouched(t *testing.T) {
	b := newBench(t)
	b.image("a", "")
	b.image("b", "")
	b.options.Fetch = func(context.Context, config.Resource) (diag.Secret, error) { return "", errors.New("404") }
	keys, ran, err := b.run("{'luks': [{'name': 'x', 'device': '$/b'}, {" + keyed + "}]}")
	require.ErrorContains(t, err, "key of luks v ($.storage.luks.1): 404")
	assert.Empty(t, ran)
	assert.Contains(t, keys.Volumes, "x", "what is known is given")
}

func TestAnEmptyKeyIsRefusedBeforeItsDeviceIsTouched(t *testing.T) {
	b := newBench(t)
	image := b.image("a", "")
	before, err := os.ReadFile(image)
	require.NoError(t, err)
	b.options.Fetch = func(context.Context, config.Resource) (diag.Secret, error) { return "", nil }
	for name, key := range map[string]string{
		"from a server":        `{'source': 'http://h/k'}`,
		"in the config":        `{'source': 'data:,'}`,
		"in base64":            `{'source': 'data:text/plain;base64,'}`,
		"that unpacks to none": `{'source': 'data:;base64,H4sIAAAAAAAAAwMAAAAAAAAAAAA=', 'compression': 'gzip'}`,
		"by its digest": `{'source': 'http://h/k', ` +
			`'verification': {'hash': 'sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'}}`,
	} {
		_, ran, err := b.run("{'luks': [{'name': 'v', 'device': '$/a', 'wipeVolume': true, 'keyFile': " + key + "}]}")
		require.ErrorContains(t, err, "luks v ($.storage.luks.0): the key is empty", name)
		assert.Empty(t, ran, name)
		if !strings.Contains(key, "http") {
			assert.Contains(t, b.preview("{'luks': [{'name': 'v', 'device': '$/a', 'keyFile': "+key+"}]}"),
				"the key is empty", name)
		}
	}
	after, err := os.ReadFile(image)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(before, after))
	_, _, err = b.run("{'luks': [{'name': 'v', 'device': '$/a', 'keyFile': {'source': ''}}]}")
	require.NoError(t, err, "no source is no key")
}

func TestNoSecretOfAVolumeIsLogged(t *testing.T) {
	b := newBench(t)
	b.image("a", "")
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.tool("clevis", `echo "Unable to fetch advertisement: 'http://u:hush@t/?k=quiet'! PIN 123456" >&2; exit 1`)
	b.options.Tools, b.options.Log = tool.New(b.names, logger), logger
	b.options.Devices.Tools = b.options.Tools
	for _, policy := range []string{`'tang': [{'url': 'http://u:hush@t/?k=quiet', 'thumbprint': '123456'}]`,
		`'custom': {'pin': 'mine', 'config': '{\"u\": [\"http://u:hush@t/?k=quiet\"], \"pin\": 123456}'}`} {
		b.image("a", "")
		_, _, err := b.run("{'luks': [{" + keyed + ", 'clevis': {" + policy + "}}]}")
		require.ErrorContains(t, err,
			"luks v ($.storage.luks.0): clevis: exit status 1: Unable to fetch advertisement: 'http://…@t/?k=…'! PIN …")
		for _, secret := range []string{"hush", "quiet", "123456", "open-sesame"} {
			assert.NotContains(t, log.String()+err.Error(), secret)
		}
	}
}

func TestTheServerThatDoesNotAnswer(t *testing.T) {
	b := newBench(t)
	b.image("a", "")
	b.options.Reach = func(context.Context, string) error { return errors.New("no route") }
	_, ran, err := b.run("{'luks': [{" + keyed + ", 'clevis': {'tang': [{'url': 'http://t', 'thumbprint': 'T'}]}}]}")
	require.ErrorContains(t, err, "luks v ($.storage.luks.0): no route")
	assert.NotContains(t, ran, "clevis")
}

func TestAStoppedVolumeIsMadeByTheNextRun(t *testing.T) {
	config := "{'luks': [{" + keyed + ", 'clevis': {'tpm2': true}}]}"
	const steps = 5
	for stop := 1; stop <= steps; stop++ {
		b := newBench(t)
		b.image("a", "")
		ctx, cut := context.WithCancelCause(t.Context())
		o, done := b.options, 0
		o.Tell = func(_ string, e plan.Event) {
			if e.Turn == plan.Finished || e.Turn == plan.Kept {
				done++
			}
			if done == stop {
				cut(errors.New("cut off"))
			}
		}
		_, err := Run(ctx, b.storage(config), o)
		if stop < steps {
			require.ErrorContains(t, err, "cut off")
		} else {
			require.NoError(t, err, "there is nothing left to do")
		}
		_, ran, err := b.run(config)
		require.NoError(t, err)
		assert.Contains(t, ran, "luksFormat", "after step %d", stop)
		assert.Contains(t, ran, "clevis luks unlock", "after step %d", stop)
	}
}

// A plan that is run again goes on where it stopped.
func TestStepsThatAreDoneAreNotDoneAgain(t *testing.T) {
	b := newBench(t)
	image := b.image("a", "")
	err := b.options.Devices.Alias(image, image)
	require.NoError(t, err)
	lanes := lanesOf(t, volume.Row(), b.storage("{'luks': [{"+keyed+"}]}"), b.options)
	require.NoError(t, lanes[0].Run(t.Context(), plan.Options{}))
	require.NoError(t, os.Remove(b.dir+"/log"))
	require.NoError(t, lanes[0].Run(t.Context(), plan.Options{}))
	log, err := os.ReadFile(b.dir + "/log")
	require.NoError(t, err)
	assert.NotContains(t, string(log), "luksFormat")
	assert.FileExists(t, image)
}

func TestAVolumeIsNotMadeOverWhatWasNotPlannedFor(t *testing.T) {
	const data = `crypto_LUKS "data", UUID ` + plainUUID
	for name, c := range map[string]struct{ before, after, says string }{
		"on a blank device":               {"", "plain", data},
		"over something that may go":      {"one", "plain", data},
		"on one that gets partitions now": {"", "table", "nothing known on it"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.image("a", c.before)
			err := b.options.Devices.Alias(b.dir+"/a", b.dir+"/a")
			require.NoError(t, err)
			lanes := lanesOf(t, volume.Row(), b.storage("{'luks': [{"+keyed+", 'wipeVolume': true}]}"), b.options)
			if c.after == "table" {
				tableOn(b, "a")
			} else {
				b.image("a", c.after)
			}
			err = lanes[0].Run(t.Context(), plan.Options{})
			require.ErrorContains(t, err, c.says+`) has changed since it was looked at`)
			assert.NoFileExists(t, b.dir+"/log", "nothing has run")
		})
	}
}

// What a name by label leads to is gone as soon as the label is: from the start on the device is reached by its alias.
func TestAVolumeOnADeviceNamedByWhatIsOnIt(t *testing.T) {
	b := newBench(t)
	require.NoError(t, os.Symlink(b.image("a", "plain"), b.dir+"/by-label"))
	b.tool("wipefs", `dd if=/dev/zero of="$dev" bs=4096 count=8 conv=notrunc status=none; rm `+b.dir+`/by-label`)
	_, ran, err := b.run("{'luks': [{" + strings.ReplaceAll(keyed, "$/a", "$/by-label") + ", 'wipeVolume': true}]}")
	require.NoError(t, err)
	assert.Equal(t, 3, strings.Count(ran, " $/aliases$/by-label"), ran)
	assert.Contains(t, ran, "cryptsetup luksOpen")
}

func TestWhatOnceWentWrongIsDoneByTheNextRun(t *testing.T) {
	b := newBench(t)
	b.image("a", "")
	config := "{'luks': [{" + keyed + "}]}"
	b.tool("cryptsetup", "echo Cannot use device, no space left. >&2; exit 4")
	_, _, err := b.run(config)
	require.ErrorContains(t, err,
		"luks v ($.storage.luks.0): cryptsetup: exit status 4: Cannot use device, no space left.")
	b.tool("cryptsetup", "exec sleep 600")
	ctx, stop := context.WithTimeout(t.Context(), 300_000_000)
	defer stop()
	_, err = Run(ctx, b.storage(config), b.options)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	b.tool("cryptsetup", "")
	o := b.options
	o.Tell = func(_ string, e plan.Event) {
		if e.Turn == plan.Finished {
			require.NoError(t, os.Remove(b.dir+"/a"))
		}
	}
	_, err = Run(t.Context(), b.storage(config), o)
	require.EqualError(t, err, "luks v ($.storage.luks.0): device "+b.dir+"/a: no such file or directory",
		"the device vanishes half-way")
	b.image("a", "")
	_, _, err = b.run(config)
	require.NoError(t, err)
}

func TestFinishTakesTheMarkOff(t *testing.T) {
	b := newBench(t)
	b.image("a", "marked")
	b.image("b", "plain")
	b.image("c", "one")
	s := b.storage(`{'luks': [{'name': 'a', 'device': '$/a'}, {'name': 'b', 'device': '$/b'}, ` +
		`{'name': 'c', 'device': '$/c'}, {'name': 'd', 'device': '/dev/gone'}]}`)
	require.NoError(t, Finish(t.Context(), s, b.options))
	log, err := os.ReadFile(b.dir + "/log")
	require.NoError(t, err)
	assert.Equal(t, "cryptsetup config --label boxes --subsystem '' $/a\n", b.short(string(log)))
	b.tool("cryptsetup", "echo No space >&2; exit 1")
	require.ErrorContains(t, Finish(t.Context(), s, b.options),
		"luks a ($.storage.luks.0): cryptsetup: exit status 1: No space")
}

func TestVolumesOfCryptoExpress(t *testing.T) {
	b := newBench(t)
	b.image("a", "")
	const config = `{'luks': [{'name': 'v', 'device': '$/a', 'label': 'L', 'cex': {'enabled': true}}]}`
	_, _, err := b.run(config)
	require.ErrorContains(t, err, "key of luks v ($.storage.luks.0): open "+b.dir+"/etc/luks/cex.key")
	write := func(name, text string) {
		at := filepath.Join(b.dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o700))
		require.NoError(t, os.WriteFile(at, []byte(text), 0o600))
	}
	write("/etc/luks/cex.key", "master")
	_, _, err = b.run(config)
	require.ErrorContains(t, err, "secure key of luks v ($.storage.luks.0): open "+b.dir+"/sys/bus/ap/devices")
	require.NoError(t, os.MkdirAll(b.dir+"/sys/bus/ap/devices", 0o700))
	_, _, err = b.run(config)
	require.ErrorContains(t, err, "this machine has no Crypto Express adapter")

	for name, uevent := range map[string]string{"00.0014": "DEVTYPE=ap_queue\nMODE=ep11\n", "01.0014": "MODE=cca\n",
		"0a.00ff": "X=1\nOTHER=cca\n", "02.0014": "MODE=cca7\n", "card00": "MODE=cca\n"} {
		write("queues/"+name+"/uevent", uevent)
		at := filepath.Join(b.dir, "/sys/bus/ap/devices", name)
		require.NoError(t, os.Symlink(b.dir+"/queues/"+name, at)) // as in sysfs
	}
	b.tool("zkey", `test "$1" = generate && printf 0123456789abcdef >`+b.dir+
		`/etc/zkey/repository/ignition-luks-v.skey && echo about >`+b.dir+`/etc/zkey/repository/ignition-luks-v.info`)
	keys, ran, err := b.run(config)
	require.NoError(t, err)
	const k = " --key-file $/etc/luks/cex.key"
	assert.Equal(t, "zkey generate --name ignition-luks-v --key-type CCA-AESCIPHER --xts --description Secure Key "+
		"for v Volume --apqns 01.0014,0a.00ff\n"+
		"cryptsetup luksFormat --type luks2"+k+" --label L --subsystem glowplug-first-boot $/aliases$/a "+
		"--volume-key-file $/etc/zkey/repository/ignition-luks-v.skey --cipher paes-xts-plain64 --key-size 128\n"+
		"zkey-cryptsetup setvp $/aliases$/a --key-file $/etc/luks/cex.key\n"+
		"cryptsetup luksOpen $/aliases$/a v"+k+" --persistent\n", ran)
	assert.Equal(t, Keys{Volumes: map[string]diag.Secret{"v": "master"},
		Files: map[string]diag.Secret{"ignition-luks-v.info": "about\n", "ignition-luks-v.skey": "0123456789abcdef"}},
		keys)
	info, err := os.Stat(b.dir + "/etc/zkey/repository")
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	_, ran, err = b.run(config)
	require.NoError(t, err)
	assert.NotContains(t, ran, "zkey generate", "the key that is there serves again")
	require.NoError(t, os.Remove(b.dir+"/etc/zkey/repository"+"/ignition-luks-v.info"))
	_, ran, err = b.run(config)
	require.NoError(t, err)
	assert.Contains(t, ran, "zkey generate", "half of one does not")
}
