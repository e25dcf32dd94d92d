package stages

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

func TestKernelArgumentsAreToldByTheCommandLine(t *testing.T) {
	const cfg = `{'ignition': {'version': '3.4.0'}, 'kernelArguments': {
		'shouldExist': ['quiet', 'console=ttyS0', 'new=secret'], 'shouldNotExist': ['mitigations=off', 'gone']}}`
	line := `BOOT_IMAGE=/vmlinuz quiet "console=ttyS0" mitigations=off`
	none := func(config.Storage) (scene.Scene, error) { return scene.Images{}.Scene(), nil }
	text, p, _ := asked(t, cfg, Question{Machine: Machine{CommandLine: &line, Devices: none}})
	assert.Equal(t, `2 kernel arguments; 3 unchanged

Kernel arguments
  + kernel argument new=secret: added
  - kernel argument mitigations=off: removed
  ~ this machine: rebooted by the image's helper, before anything else is done

2 kernel arguments; 3 unchanged
`, text)
	assert.Equal(t, report.Changing, p.Exit())
	line = "quiet console=ttyS0 new=secret"
	text, p, _ = asked(t, cfg, Question{Machine: Machine{CommandLine: &line, Devices: none}})
	assert.Equal(t, "nothing to do; 5 unchanged\n", text)
	assert.Equal(t, report.NothingToDo, p.Exit())
	hidden := arguments(&config.KernelArguments{ShouldExist: []string{"new=secret", "quiet"}}, "", false)
	assert.Equal(t, "kernel argument new=…", hidden[0].Subject)
	assert.Equal(t, "$.kernelArguments.shouldExist.0", hidden[0].Origin)
	assert.Equal(t, "kernel argument quiet", hidden[1].Subject)
}

const leftConfig = `{'ignition': {'version': '3.4.0'}, 'storage': {
	'luks': [{'name': 'v', 'device': '/dev/vda', 'keyFile': {'source': 'data:,key'}}, {'name': 'w', 'device': '/dev/vdb'}],
	'files': [{'path': '/etc/f', 'contents': {'source': 'data:,text'}}]}}`

func TestWhatABootLeavesIsTold(t *testing.T) {
	devices := func(config.Storage) (scene.Scene, error) {
		blank := machines.NewDisk(t, 64).Image()
		return scene.Images{"/dev/vda": blank, "/dev/vdb": blank}.Scene(), nil
	}
	q := Question{Machine: Machine{Devices: devices,
		Root: trees.Fake{"/etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=default\n"}}, Boot: true}
	q.Files.Image.ResultFile = "/etc/.result.json"
	text, p, problems := asked(t, leftConfig, q)
	assert.Empty(t, problems)
	for _, each := range []string{
		"  + key of luks v: /etc/luks/v, 0600\n", "  + key of luks w: /etc/luks/w, 0600\n",
		"  + directory /etc/luks: 0700\n",
		"  + file /etc/crypttab: 0600, v UUID=… /etc/luks/v luks,x-initrd.attach; w UUID=… /etc/luks/w luks,",
		"  + result file /etc/.result.json: 0600\n", "record of keys",
	} {
		assert.Contains(t, text, each)
	}
	assert.NotContains(t, text, "data:,key")
	assert.Equal(t, report.Changing, p.Exit())
}

// What earlier boots have left is nothing to do, whichever boot the report is of.
func TestWhatABootHasLeftIsNothingToDo(t *testing.T) {
	root := trees.Fake{"/etc/luks/v": "key", "/etc/luks/w": "random", "/etc/crypttab": "v UUID=1234 /etc/luks/v luks\n",
		"/etc/.glowplug/keys.json": `{"version": 1, "files": ["/etc/luks/v", "/etc/luks/w"]}`,
		"/etc/.result.json":        `{"provisioningBootID": "of another boot"}`}
	assert.Equal(t, "of another boot", bootOf(root, "/etc/.result.json"))
	assert.Empty(t, bootOf(root, "/etc/crypttab"))
	assert.Empty(t, bootOf(root, "/none"))
	q := Question{Boot: true, Machine: Machine{Root: trees.Fake{"/etc/f": "text",
		"/etc/.result.json":   root["/etc/.result.json"],
		"/etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=default\n",
		"/etc/selinux/default/contexts/files/file_contexts": ""}}}
	q.Files.Image.ResultFile, q.Files.Image.Relabel = "/etc/.result.json", target.RelabelOn
	again, p, _ := asked(t, `{'ignition': {'version': '3.4.0'}, 'storage': {'files': [
		{'path': '/etc/f', 'contents': {'source': 'data:,text'}}]}}`, q)
	assert.Equal(t, "nothing to do; 2 unchanged\n", again)
	assert.Equal(t, report.NothingToDo, p.Exit())

	var cfg config.Config
	text := strings.ReplaceAll(leftConfig, "'", `"`)
	require.NoError(t, json.Unmarshal([]byte(text), &cfg))
	f := &Forecast{Root: root}
	q = Question{}
	q.Files.Fetch = (*fetched)(nil).write(fetcher{Client: fetch.New(nil, "")})
	b := q.boot(t.Context(), cfg, f)
	_, known := b.State.LuksPersistKeyFiles["w"]
	assert.False(t, known, "it was left before")
	delete(root, "/etc/luks/w")
	assert.EqualValues(t, "data:,", q.boot(t.Context(), cfg, f).State.LuksPersistKeyFiles["w"])

	f.Files.Steps = plan.Plan{{ID: "relabel", Effect: plan.Change}, {ID: "relabel-noted", Effect: plan.Change},
		{ID: "file:/x", Effect: plan.Keep}}
	f.settle(cfg.Storage, nil)
	assert.Equal(t, plan.Keep, f.Files.Steps[0].Effect)
	f.Files.Steps = plan.Plan{{ID: "relabel", Effect: plan.Change}, {ID: "file:/x", Effect: plan.Create}}
	f.settle(cfg.Storage, nil)
	assert.Equal(t, plan.Change, f.Files.Steps[0].Effect)
}

// A plan tries no key, and says so: of a volume that is opened, and of one that is open already and stays.
func TestThatAKeyMayBeWrongIsTold(t *testing.T) {
	const cfg = `{'ignition': {'version': '3.4.0'}, 'storage': {'luks': [
		{'name': 'v', 'device': '/dev/vda', 'keyFile': {'source': 'https://keys.example/v'}}]}}`
	const other = "if there is a volume that the config's key does not open: refuse"
	volume := machines.Holds(block.Signature{Type: "crypto_LUKS"})
	volume.LUKS = &block.LUKS{Version: 2}
	devices := func(config.Storage) (scene.Scene, error) { return machines.Told{"/dev/vda": volume}, nil }
	text, p, _ := asked(t, cfg, Question{Machine: Machine{Devices: devices}})
	assert.Contains(t, text, "  ~ luks v: opened as /dev/mapper/v\n"+
		"        if there is a volume that the config's key opens: reuse\n        "+other+"\n")
	assert.Equal(t, report.Changing, p.Exit())
	volume.Users = []scene.User{{Use: scene.Volume, Volume: "v"}}
	text, p, _ = asked(t, cfg, Question{Machine: Machine{Devices: devices}})
	assert.Contains(t, text, "Notes\n  luks v: open as /dev/mapper/v, but "+other+"\n")
	assert.Equal(t, report.NothingToDo, p.Exit())
}
