//go:build vmhost

package vm

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/vm/machine"
)

// askMetadata leaves, in the root that it runs in, what a metadata service said, and a unit that tells it at the next
// boot.
const askMetadata = `#!/bin/sh
set -ex
ip link set eth0 up
ip address add 169.254.0.15/16 dev eth0
curl -sS --max-time 30 -o /etc/said http://169.254.169.254/who
cat >/etc/systemd/system/tell.service <<E
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo "the service said $(cat /etc/said)" >/dev/ttyS0'
ExecStart=systemctl poweroff -ff
E
mkdir -p /etc/systemd/system/multi-user.target.wants
ln -s ../tell.service /etc/systemd/system/multi-user.target.wants/
`

func TestARootThatIsKeptBootsColdUnderSystemd(t *testing.T) {
	parts := prepare(t)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Host+r.URL.Path)
	}))
	defer service.Close()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "run"), []byte(askMetadata), 0o755))
	root := machine.Disk{Name: "root", Path: filepath.Join(t.TempDir(), "root"), Base: parts.Root}
	status, result, err := parts.RunPayload(t.Context(), machine.Payload{
		Dir:    dir,
		Output: t.Output(),
		Machine: machine.Spec{
			Args:    []string{"quiet", "net.ifnames=0"},
			Remains: filepath.Join(t.ArtifactDir(), "ended"),
			Disks:   []machine.Disk{root},
			Nets: []machine.Net{{
				Network:  machine.LinkLocal,
				Forwards: []machine.Forward{{At: "169.254.169.254:80", To: service.Listener.Addr().String()}},
			}},
		},
	})
	require.NoError(t, err, "%s", tail{result})
	require.Zero(t, status, "%s", tail{result})

	result, err = machine.Run(t.Context(), machine.Spec{
		Kernel: parts.Kernel, Initrd: parts.Initrd, Args: []string{"init=/sbin/init", "quiet"},
		Disks:   []machine.Disk{root},
		Remains: filepath.Join(t.ArtifactDir(), "ended"),
	})
	require.NoError(t, err, "%s", tail{result})
	said := slices.ContainsFunc(result.Console, func(line machine.Line) bool {
		return strings.Contains(line.Text, "the service said 169.254.169.254/who")
	})
	assert.True(t, said, "%s", tail{result})
}

// A tail is the end of a console, written only if a message needs it.
type tail struct{ machine.Result }

func (r tail) String() string { return fmt.Sprintf("the end of the serial console:\n%s", r.Tail(40)) }

// What a limit ends says where it was: a program that computes for ever, a machine that waits for nothing.
func TestWhatALimitEndsIsExamined(t *testing.T) {
	parts := prepare(t)
	for name, c := range map[string]struct {
		run   string
		spec  machine.Spec
		ended error
	}{
		"it goes on for too long": {"while :; do :; done", machine.Spec{Limit: time.Minute}, machine.ErrLimit},
		"it is silent":            {"sleep infinity", machine.Spec{Silence: 15 * time.Second}, machine.ErrSilent},
	} {
		t.Run(name, func(t *testing.T) {
			dir, remains := t.TempDir(), filepath.Join(t.TempDir(), "remains")
			require.NoError(t, os.WriteFile(filepath.Join(dir, "run"), []byte("#!/bin/sh\n"+c.run+"\n"), 0o755))
			c.spec.Args, c.spec.Remains = []string{"quiet"}, remains
			_, _, err := parts.RunPayload(t.Context(), machine.Payload{Dir: dir, Machine: c.spec})
			require.ErrorIs(t, err, c.ended)
			assert.ErrorContains(t, err, remains)
			for file, texts := range map[string][]string{
				"console.log": {"machine: ready", "Show Blocked State", "Show backtrace of all active CPUs"},
				"monitor.txt": {"VM status: running", "RIP="},
				"witness.log": {"/bin/sh ./run", "== journal\n", "Linux version", "== end\n"},
			} {
				text, err := os.ReadFile(filepath.Join(remains, file))
				require.NoError(t, err)
				for _, part := range texts {
					assert.True(t, strings.Contains(string(text), part), "%s: %s:\n%s", file, part, text)
				}
			}
		})
	}
}
