package volume

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/verdicts"
)

func TestVerdictsAreThoseOfTheDocument(t *testing.T) {
	table := verdicts.Of(t, "What becomes of a LUKS volume")
	for _, found := range contents {
		for _, wipe := range []bool{true, false} {
			for _, by := range []use{free, open, taken} {
				want := table.On(string(found), verdicts.Yes(wipe), string(by))
				assert.Equal(t, want, string(judge(found, wipe, by)), "%s, %t, %s", found, wipe, by)
			}
		}
	}
	table.Used()
}

// entry is a volume of the config, on the device a.
func entry(name string, more ...func(*config.Luks)) config.Luks {
	v := config.Luks{Name: name, Device: machines.To("a"),
		KeyFile: config.Resource{Source: machines.To("data:,open-sesame")}}
	for _, each := range more {
		each(&v)
	}
	return v
}

func mayWipe(v *config.Luks) { v.WipeVolume = machines.To(true) }

func random(v *config.Luks) { v.KeyFile = config.Resource{} }

func at(device string) func(*config.Luks) { return func(v *config.Luks) { v.Device = &device } }

// luks is a device with the header of a volume.
func luks(subsystem string, users ...scene.User) scene.Seen {
	seen := machines.Holds(block.Signature{Type: "crypto_LUKS"})
	seen.LUKS, seen.Users = &block.LUKS{Version: 2, Subsystem: subsystem}, users
	return seen
}

// planned is the plan of volumes as people read it, or its errors.
func planned(view scene.Scene, entries ...config.Luks) string {
	p, err := planAll(config.Storage{Luks: entries}, view, nil)
	text := ""
	for _, lane := range p.Lanes {
		text += lane.Bind(nil).String()
	}
	if err != nil {
		text += err.Error()
	}
	return text
}

func TestVolumesInUse(t *testing.T) {
	mounted := scene.User{Use: scene.Mount, Name: "/"}
	v := scene.User{Use: scene.Volume, Name: "dm-0", Volume: "v"}
	w := scene.User{Use: scene.Volume, Name: "dm-1", Volume: "w"}
	busy := v
	busy.Users = []scene.User{mounted}
	for name, c := range map[string]struct {
		users []scene.User
		entry config.Luks
		want  string
	}{
		"one that is open already has its key tried": {[]scene.User{v}, entry("v"),
			"= key of luks v  data:,…\n= luks v         open as /dev/mapper/v\n"},
		"one that is open under another name": {[]scene.User{w}, entry("v"), "is in use: part of dm-1"},
		"one that is part of something else": {[]scene.User{{Use: scene.Array, Name: "md0"}}, entry("v"),
			"is in use: part of md0"},
		"one that is mounted": {[]scene.User{mounted}, entry("v", mayWipe), "is in use: mounted at /"},
		"one that is open and used otherwise as well": {[]scene.User{v, w}, entry("v"),
			"is in use: part of dm-0, part of dm-1"},
		"one that is closed and made anew": {[]scene.User{v}, entry("v", mayWipe), "~ luks v         closed\n- luks v"},
		"one that is mounted is not closed": {[]scene.User{busy}, entry("v", mayWipe),
			"/dev/mapper/v is open and in use: mounted at /"},
	} {
		assert.Contains(t, planned(machines.Told{"a": luks(firstBootMark, c.users...)}, c.entry), c.want, name)
	}
}

func TestVolumesThatAreYetToBe(t *testing.T) {
	view := machines.Told{
		"/dev/md/later": {Unknown: "a new array may show what its members held before"}, "/dev/vda1": machines.Holds()}
	for _, c := range []struct {
		entry   config.Luks
		want    string
		unknown bool
	}{
		{entry("v", random, at("/dev/md/later")), "? luks v         formatted if nothing is on /dev/md/later then, " +
			"else refused (a new array may show what its members held before)\n", true},
		{entry("v", random, at("/dev/vda1")), "+ luks v         LUKS 2 on /dev/vda1\n" +
			"~ luks v         opened as /dev/mapper/v\n", false},
		{entry("v", random, at("/dev/md/later"), mayWipe), "? luks v         formatted whatever is on /dev/md/later " +
			"then (a new array may show what its members held before)\n", true},
	} {
		assert.Equal(t, "+ key of luks v  random\n"+c.want, planned(view, c.entry))
		p, err := planAll(config.Storage{Luks: []config.Luks{c.entry}}, view, nil)
		require.NoError(t, err)
		assert.Equal(t, []string{"/dev/mapper/v", "/dev/disk/by-id/dm-name-v"}, p.After[0].Names)
		assert.Equal(t, c.unknown, p.After[0].Seen.Unknown != "")
	}
	p, err := planAll(config.Storage{Luks: []config.Luks{entry("v", at("/dev/md/later"))}}, view, nil)
	require.NoError(t, err)
	assert.Equal(
		t,
		[]kind.Outcome{{Found: "nothing", Verdict: "format"}, {Found: "a volume as wanted", Verdict: "reuse"},
			{Found: "a volume as wanted (unfinished)", Verdict: "recreate"},
			{Found: "another volume (unfinished)", Verdict: "recreate"}, {Found: "anything else", Verdict: "refuse"}},
		p.Lanes[0][1].Outcomes,
	)
}

func TestAKeyThatIsGivenIsThatOfAVolumeThatIsThere(t *testing.T) {
	t.Parallel()
	view := machines.Told{"a": luks(""), "later": {Unknown: "an array"}}
	for name, c := range map[string]struct {
		entry  config.Luks
		effect plan.Effect
		rows   int // that the key lists
		listed int // that the volume lists
	}{
		"of a volume that is used again":                  {entry("v"), plan.Keep, 0, 2},
		"of one that is made anew":                        {entry("v", mayWipe), plan.Create, 0, 0},
		"of one that may be there":                        {entry("v", at("later")), plan.Deferred, 5, 5},
		"of one that may be there, and is made anew then": {entry("v", at("later"), mayWipe), plan.Create, 0, 5},
		"a random one is new, and so is its volume":       {entry("v", at("later"), random), plan.Create, 0, 3},
		"one beside clevis is new": {entry("v", at("later"),
			func(v *config.Luks) { v.Clevis.Tpm2 = machines.To(true) }), plan.Create, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := planAll(config.Storage{Luks: []config.Luks{c.entry}}, view, nil)
			require.NoError(t, err)
			key, volume := p.Lanes[0][0], p.Lanes[0][1]
			assert.Equal(t, c.effect, key.Effect)
			assert.Len(t, key.Outcomes, c.rows)
			assert.Len(t, volume.Outcomes, c.listed)
		})
	}
}

func TestNamesThatWillLeadToVolumes(t *testing.T) {
	const byID, uuid = "/dev/disk/by-id/dm-", "6FC9B25A-3c9c-4f8b-9c0c-111111111111"
	own := []string{"/dev/mapper/v", byID + "name-v"}
	const known = byID + "uuid-CRYPT-LUKS2-6fc9b25a3c9c4f8b9c0c111111111111-v"
	given := func(v *config.Luks) { v.UUID = machines.To(uuid) }
	there := luks("")
	there.LUKS.UUID = uuid
	for name, c := range map[string]struct {
		seen  scene.Seen
		entry config.Luks
		want  []string
	}{
		"a new one":             {machines.Holds(), entry("v"), own},
		"a new one with a UUID": {machines.Holds(), entry("v", given), append(own[:2:2], known)},
		"options may give another": {machines.Holds(), entry("v", given, func(v *config.Luks) {
			v.Options = []string{"--uuid", "x"}
		}), own},
		"one that is there":            {there, entry("v"), append(own[:2:2], known)},
		"one that is made anew":        {there, entry("v", mayWipe), own},
		"one of which it is not known": {scene.Seen{Unknown: "later"}, entry("v", given), append(own[:2:2], known)},
	} {
		p, err := planAll(config.Storage{Luks: []config.Luks{c.entry}}, machines.Told{"a": c.seen}, nil)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, p.Means[0].Names, name)
		assert.Equal(t, c.want, p.After[0].Names, name)
	}
}

// A plan tries no key, so it does not know that one is right.
func TestWhetherAKeyOpensAVolumeIsOnlyKnownLater(t *testing.T) {
	unread := entry("v")
	unread.KeyFile.Source = machines.To("https://keys.example/v")
	for name, c := range map[string]struct {
		seen  scene.Seen
		entry config.Luks
		later bool
	}{
		"of a volume that is opened":     {luks(""), entry("v"), true},
		"of one whose key a server has":  {luks(""), unread, true},
		"of one that is open":            {luks("", scene.User{Use: scene.Volume, Volume: "v"}), entry("v"), true},
		"not of one that is made anew":   {luks(""), entry("v", mayWipe), false},
		"not of one that is new":         {machines.Holds(), entry("v"), false},
		"not of one that is made to end": {luks(firstBootMark), entry("v"), false},
	} {
		p, err := planAll(config.Storage{Luks: []config.Luks{c.entry}}, machines.Told{"a": c.seen}, nil)
		require.NoError(t, err, name)
		lane := p.Lanes[0]
		opens := lane[len(lane)-1]
		require.Equal(t, "luks-open:v", opens.ID, name)
		var want []kind.Outcome
		if c.later {
			want = []kind.Outcome{{Found: "a volume that the config's key opens", Verdict: "reuse"},
				{Found: "a volume that the config's key does not open", Verdict: "refuse"}}
		}
		assert.Equal(t, want, opens.Outcomes, name)
	}
}

func TestAVolumeOnAReadOnlyDeviceIsRefused(t *testing.T) {
	for _, seen := range []scene.Seen{machines.Holds(), luks("")} {
		seen.ReadOnly = true
		assert.Contains(t, planned(machines.Told{"a": seen}, entry("v")), ") is read-only")
	}
}

func TestAllConflictsAreToldAndTheRestIsPlanned(t *testing.T) {
	taken := scene.User{Use: scene.Device, Name: "dm-7"}
	view := machines.Named{
		Told: machines.Told{"a": machines.Holds(), "b": machines.Holds(block.Signature{Type: "ext4"}),
			"c": machines.Holds()},
		Names: map[string]scene.User{"/dev/mapper/taken": taken},
	}
	assert.Equal(t, `+ key of luks v  data:,…
+ luks v         LUKS 2 on a
~ luks v         opened as /dev/mapper/v
luks w ($.storage.luks.1): b (20 GiB, ext4) is not to be lost: it is no LUKS 2 volume
luks x ($.storage.luks.2): a is in $.storage.luks.0 already
luks taken ($.storage.luks.3): /dev/mapper/taken is another device already, /dev/dm-7
luks y ($.storage.luks.4): device none: file does not exist`,
		planned(view, entry("v"), entry("w", at("b")), entry("x"), entry("taken", at("c")), entry("y", at("none"))))
}

func TestAVolumeIsNotMadeOverWhatWasNotPlannedFor(t *testing.T) {
	for name, c := range map[string]struct{ before, after scene.Seen }{
		"on a blank device":               {machines.Holds(), luks("")},
		"over something that may go":      {machines.Holds(block.Signature{Type: "ext4"}), luks("")},
		"on one that gets partitions now": {machines.Holds(), machines.Partitioned()},
	} {
		view := machines.Told{"a": c.before}
		p, err := planAll(config.Storage{Luks: []config.Luks{entry("v", mayWipe)}}, view, nil)
		require.NoError(t, err)
		view["a"] = c.after
		format := p.Lanes[0][1]
		require.Equal(t, "luks-format:v", format.ID)
		err = format.Act(context.Background(), &kind.Work{Scene: view})
		assert.ErrorContains(t, err, ") has changed since it was looked at", name)
	}
}

func TestDomainsOfAdapters(t *testing.T) {
	for name, want := range map[string]bool{"00.0014": true, "x0a.00fff": true, "0.0014": false, "00.014": false,
		"0A.0014": false, "card00": false, "": false} {
		assert.Equal(t, want, hasDomain(name), name)
	}
}

func TestPoliciesAsClevisTakesThem(t *testing.T) {
	for text, c := range map[string]struct {
		pin, want string
		tests     bool
	}{
		`'tang': [{'url': 'http://t', 'thumbprint': 'abc'}], 'tpm2': true, 'threshold': 2`: {"sss",
			`{"pins":{"tang":[{"url":"http://t","thp":"abc"}],"tpm2":{}},"t":2}`, true},
		`'tpm2': true`:   {"sss", `{"pins":{"tpm2":{}},"t":1}`, true},
		`'threshold': 3`: {"sss", `{"pins":{"tang":null},"t":3}`, false},
		`'tang': [{'url': 'http://t?a=1&b=2', 'thumbprint': 'a'}], ` +
			`'threshold': 0`: {"sss",
			`{"pins":{"tang":[{"url":"http://t?a=1&b=2","thp":"a"}]},"t":0}`, true},
		`'tang': [{'url': 'http://t', ` +
			`'thumbprint': 'a', 'advertisement': ''}]`: {"sss",
			`{"pins":{"tang":[{"url":"http://t","thp":"a"}]},"t":1}`, true},
		`'tang': [{'url': 'http://t', ` +
			`'thumbprint': 'a', 'advertisement': ' {\'z\': [1, 2],\n \'a\': \'\\u0041\'} '}]`: {"sss",
			`{"pins":{"tang":[{"url":"http://t","thp":"a","adv":{"z":[1,2],"a":"\u0041"}}]},"t":1}`, false},
		`'custom': {'pin': 'mine', 'config': ` +
			`'{ \'a\': 1 }'}`: {"mine", `{ "a": 1 }`, false},
		`'custom': {'pin': 'mine', 'config': '{}'}, ` +
			`'threshold': 0`: {"mine", `{}`, true},
	} {
		text = strings.ReplaceAll(strings.ReplaceAll(text, `\'`, `\"`), "\n", `\n`)
		var clevis config.Clevis
		require.NoError(t, json.Unmarshal([]byte("{"+strings.ReplaceAll(text, "'", `"`)+"}"), &clevis), text)
		pin, got, err := clevisPin(&clevis)
		require.NoError(t, err, text)
		assert.Equal(t, c.pin, pin, text)
		assert.Equal(t, c.want, got.Reveal(), text)
		assert.Equal(t, c.tests, testsItself(&clevis), text)
		assert.True(t, clevis.Opens(), text)
	}
	bad := "{"
	_, _, err := clevisPin(&config.Clevis{Tang: []config.Tang{{URL: "http://t", Advertisement: &bad}}})
	require.ErrorContains(t, err, "advertisement of Tang server 0")
	for tang, want := range map[string]string{"http://t": "http://t/adv", "http://t/x/": "http://t/x/adv",
		"http://u:p@t/x?k=v": "http://u:p@t/x/adv?k=v"} {
		at, err := advertisementURL(tang)
		require.NoError(t, err)
		assert.Equal(t, want, at)
	}
}
