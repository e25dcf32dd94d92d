package machine

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestArgumentsOfAMachine(t *testing.T) {
	dir := t.TempDir()
	spec := Spec{
		Kernel: "vmlinuz", Args: []string{"quiet"},
		Disks:  []Disk{{Name: "kept", Path: filepath.Join(dir, "a,b"), SizeMiB: 3, SectorBytes: 4096}},
		Cdroms: []string{"drive.iso"},
		FwCfg:  map[string][]byte{"opt/com.coreos/config": []byte("{}")},
		Nets:   []Net{{Network: LinkLocal, Forwards: []Forward{{At: "169.254.169.254:80", To: "127.0.0.1:8080"}}}},
		Ports:  map[string]io.Writer{"output": io.Discard},
	}
	args, err := arguments(t.Context(), spec, dir)
	require.NoError(t, err)
	all := strings.Join(args, " ")
	for _, part := range []string{
		"-append console=ttyS0 panic=-1 sysrq_always_enabled ",
		" quiet -drive",
		"file=" + dir + "/a,,b,format=raw",
		"serial=kept,logical_block_size=4096,physical_block_size=4096",
		"file=drive.iso -device scsi-cd",
		"name=opt/com.coreos/config,file=" + dir + "/fw_cfg-0",
		"net=169.254.0.0/16,host=169.254.0.2,dhcpstart=169.254.0.15,guestfwd=tcp:169.254.169.254:80-cmd:socat STDIO " +
			"TCP:127.0.0.1:8080",
		"path=" + dir + "/port-output -device virtserialport",
	} {
		assert.Contains(t, all, part)
	}
	blank, err := os.Stat(filepath.Join(dir, "a,b"))
	require.NoError(t, err)
	assert.EqualValues(t, 3<<20, blank.Size())
}

func TestADiskThatIsThereIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(path, []byte("QFI\xfb and so on"), 0o600))
	_, format, err := Disk{Name: "kept", Path: path, SizeMiB: 1}.file(t.Context(), "")
	require.NoError(t, err)
	assert.Equal(t, "qcow2", format)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "QFI\xfb and so on", string(text))
}

func TestConsoleIsReadToItsEnd(t *testing.T) {
	var live bytes.Buffer
	lines := readConsole(strings.NewReader("one\r\n\r\nlogin: "), time.Now(), &live, func(Line) {})
	var texts []string
	for _, line := range lines {
		texts = append(texts, line.Text)
	}
	assert.Equal(t, []string{"one", "", "login: "}, texts)
	assert.Equal(t, 3, strings.Count(live.String(), "\n"))
}

func TestPayloadAndResultsAreCarried(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(from, "bin"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(from, "bin", "run"), []byte("#!"), 0o755))
	image := filepath.Join(t.TempDir(), "image")
	require.NoError(t, pack(from, image))
	archive, err := os.Open(image)
	require.NoError(t, err)
	defer archive.Close()
	info, err := archive.Stat()
	require.NoError(t, err)
	assert.Zero(t, info.Size()%512, "a disk has whole sectors")
	require.NoError(t, unpack(archive, to))
	text, err := os.ReadFile(filepath.Join(to, "bin", "run"))
	require.NoError(t, err)
	assert.Equal(t, "#!", string(text))
}
