package device

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/tool"
)

// withUdevadm gives a machine the tool by which udev is asked, as a line of shell.
func withUdevadm(t *testing.T, d *Devices, script string) {
	t.Helper()
	at := filepath.Join(d.Root, "udevadm")
	require.NoError(t, os.WriteFile(at, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	d.Tools = tool.New(map[string]string{"udevadm": at}, nil)
}

// A name that two devices claim leads to the one that udev has looked at last.
func TestALinkIsWaitedForUntilItLeadsToItsNode(t *testing.T) {
	d := machine(t, map[string]string{"run/udev/control": "", "a": "", "b": "", "right/x": ">../a", "wrong/x": ">../b",
		"empty/": ""})
	at := func(name string) string { return filepath.Join(d.Root, name) }
	ctx := context.Background()
	withUdevadm(t, d, "true")
	require.NoError(t, d.Lead(ctx, Link{at("right/x"), at("a")}))
	require.EqualError(t, d.Lead(ctx, Link{at("wrong/x"), at("a")}), at("wrong/x")+" leads to "+at("b"))
	require.ErrorContains(t, d.Lead(ctx, Link{at("empty/x"), at("a")}), "no such file")
	withUdevadm(t, d, `[ "$*" = "trigger --settle `+at("a")+`" ] && ln -sf ../a `+at("wrong/x"))
	require.NoError(t, d.Lead(ctx, Link{at("wrong/x"), at("a")}))
	require.NoError(t, os.Remove(at("run/udev/control")))
	d.Patience = 10 * time.Second
	go func() {
		time.Sleep(20 * time.Millisecond)
		_ = os.Symlink("../a", at("empty/x"))
	}()
	require.NoError(t, d.Lead(ctx, Link{at("empty/x"), at("a")}), "others than udev make links too")
}

// What counts is that udev knows a partition by its GUID: a disk that is a copy has the link as well.
func TestUdevKnowsANodeByALink(t *testing.T) {
	d := machine(t, map[string]string{"run/udev/control": "", "a": "", "b": "", "links/x": ">../b"})
	at := func(name string) string { return filepath.Join(d.Root, name) }
	require.NoError(t, d.known(context.Background(), []Link{{at("none/x"), at("a")}, {at("links/x"), at("b")}}),
		"udev makes no links of the kind, or it leads there")
	require.EqualError(t, d.known(context.Background(), []Link{{at("links/x"), at("a")}}),
		"udev does not know "+at("a")+" as "+at("links/x"))
	require.NoError(t, os.Remove(at("run/udev/control")))
	require.NoError(t, d.known(context.Background(), []Link{{at("links/x"), at("a")}}), "nobody makes links")
}

func TestClaimsOfTwoDevicesAreBothKnown(t *testing.T) {
	const one, two = "S:disk/by-partuuid/1\nI:1\nS:disk/by-path/a\n", "S:disk/by-partuuid/1\nS:disk/by-partuuid/2"
	d := machine(t, map[string]string{
		"run/udev/data/b8:1": one, "run/udev/data/b8:17": two, "run/udev/data/c1:3": two, "run/udev/data/n1": two,
		"sys/dev/block/8:1": ">../../devices/sda/sda1",
	})
	assert.Equal(t, map[string][]string{"/dev/disk/by-partuuid/1": {"/dev/sda1", "device 8:17"},
		"/dev/disk/by-partuuid/2": {"device 8:17"}}, d.Claims("disk/by-partuuid/"))
	assert.Empty(t, new(Devices).Claims("no such links/"))
}

func TestWhatTakesLongIsToldWithItsLastError(t *testing.T) {
	d := machine(t, map[string]string{"a": "", "b": "", "x": ">b"})
	synctest.Test(t, func(t *testing.T) {
		var told bytes.Buffer
		d.Log, d.Patience = slog.New(slog.NewTextHandler(&told, nil)), 1<<63-1
		ctx, stop := context.WithTimeout(t.Context(), 65*time.Second)
		defer stop()
		require.ErrorIs(t, d.Lead(ctx, Link{filepath.Join(d.Root, "x"), filepath.Join(d.Root, "a")}),
			context.DeadlineExceeded)
		assert.Contains(t, told.String(), " since 30s (looked ")
		assert.Contains(t, told.String(), " since 1m0s (looked ")
		assert.Contains(t, told.String(), "x leads to "+d.Root+"/b")
		assert.NotContains(t, told.String(), "until", "there is no limit")
	})
}
