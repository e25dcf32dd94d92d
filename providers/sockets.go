package providers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// over makes an HTTP client whose every connection goes to one socket.
func over(m *Machine, network, address string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return m.Dial(ctx, network, address)
		},
		DisableKeepAlives: true,
	}}
}

// visit puts a GET to a socket until it is answered with a status that asking again would not change. An error at the
// end has the last one in it.
func visit(
	ctx context.Context, m *Machine, client *http.Client, url string, header http.Header, every time.Duration,
) (fetch.Reply, error) {
	var last error
	reply, err := poll(ctx, m, "an answer to "+url, every, func() (fetch.Reply, bool, error) {
		reply, err := visitOnce(ctx, client, url, header)
		if err != nil && ctx.Err() == nil {
			m.Log.Info(err.Error())
			last = err
		}
		return reply, err == nil, nil
	})
	if err != nil && last != nil {
		err = fmt.Errorf("%w: %w", err, last)
	}
	return reply, err
}

func visitOnce(ctx context.Context, client *http.Client, url string, header http.Header) (fetch.Reply, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fetch.Reply{}, err
	}
	r.Header = header.Clone()
	response, err := client.Do(r)
	if err != nil {
		return fetch.Reply{}, err
	}
	defer response.Body.Close()
	body, err := readAll(response.Body, url)
	if err == nil && fetch.MayPass(response.StatusCode) {
		err = fmt.Errorf("GET %s: status %d", url, response.StatusCode)
	}
	return fetch.Reply{Status: response.StatusCode, Header: response.Header, Body: body}, err
}

// socketLimit is how long a service of the host may take to answer on a socket.
const socketLimit = 30 * time.Second

// applehv asks the host over vsock, which vfkit and its like answer.
func applehv(ctx context.Context, m *Machine) (Document, error) {
	if err := m.module(ctx, "vsock", "/sys/devices/virtual/misc/vsock"); err != nil {
		return Document{}, err
	}
	limited, stop := context.WithTimeoutCause(ctx, socketLimit, errors.New("the host does not answer"))
	defer stop()
	reply, err := visit(limited, m, over(m, "vsock", "2:1024"), "http://d/",
		http.Header{"Accept": {"application/json"}}, time.Second)
	if err != nil {
		return Document{}, err
	}
	text, err := body("http://d/", reply)
	return Document{Text: text}, err
}

// lxd asks the daemon's socket in the guest, which Incus calls otherwise.
func lxd(ctx context.Context, m *Machine) (Document, error) {
	for _, socket := range []string{"/dev/lxd/sock", "/dev/incus/sock"} {
		found, err := m.Glob(socket)
		if err != nil {
			return Document{}, err
		}
		if len(found) > 0 {
			d, err := lxdConfig(ctx, m, over(m, "unix", socket))
			return orElse(ctx, m, d, err, lxdDrive(glance).read)
		}
	}
	m.Log.Info("there is no socket of LXD or Incus; a virtual machine has it once the agent runs, " +
		"and may have a drive before")
	return lxdDrive(30*time.Second).read(ctx, m)
}

func lxdDrive(wait time.Duration) drive {
	return drive{label: "cidata", files: []string{"/user-data"}, wait: wait, absent: true}
}

func lxdConfig(ctx context.Context, m *Machine, client *http.Client) (Document, error) {
	limited, stop := context.WithTimeoutCause(ctx, socketLimit, errors.New("the daemon does not answer"))
	defer stop()
	for _, key := range []string{"cloud-init.user-data", "user.user-data"} {
		url := "http://lxd/1.0/config/" + key
		reply, err := visit(limited, m, client, url, http.Header{}, 100*time.Millisecond)
		if err != nil {
			return Document{}, err
		}
		if reply.Status == http.StatusNotFound {
			continue
		}
		text, err := body(url, reply)
		if err != nil || !tree.IsBlank(text) {
			return Document{Text: text}, err
		}
	}
	return Document{}, ErrNone
}
