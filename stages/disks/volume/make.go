package volume

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// A making is what the actions of one volume share.
type making struct {
	config  *config.Luks
	entry   *kind.Entry // each action starts from it
	was     *volume     // when it was decided
	key     diag.Secret // once it was got
	keyFile string      // where tools find the key, if not in their Secrets
	made    string      // UUID of the header that this run wrote
}

// when is done where the volume is as it should be.
func (m *making) when(done func(*volume) bool) func(context.Context, *kind.Work) (plan.State, error) {
	return func(_ context.Context, w *kind.Work) (plan.State, error) {
		v, err := look(m.config, w.Scene)
		if err == nil && done(v) {
			return plan.Done, nil
		}
		return plan.Pending, err
	}
}

// generated: nobody gives the key.
func (m *making) generated() bool {
	return !config.Says(m.config.Cex.Enabled) && config.Says(m.config.KeyFile.Source) == ""
}

func (m *making) hasKey(context.Context, *kind.Work) (plan.State, error) {
	if m.key != "" {
		return plan.Done, nil
	}
	return plan.Pending, nil
}

func (m *making) getKey(ctx context.Context, w *kind.Work) (err error) {
	if m.key, err = m.obtain(ctx, w); err != nil {
		return err
	}
	if m.key == "" {
		return errEmptyKey
	}
	if w.Keys.Volumes == nil {
		w.Keys.Volumes = map[string]diag.Secret{}
	}
	w.Keys.Volumes[m.config.Name] = m.key
	return nil
}

// errEmptyKey: cryptsetup takes such a key, and whoever has the disk opens the volume.
var errEmptyKey = diag.WithHint(errors.New("the key is empty"),
	"write a key where the config gets it from, or leave keyFile out for a random one")

const keyBytes = 4096 // of randomness, written as twice as many digits

func (m *making) obtain(ctx context.Context, w *kind.Work) (diag.Secret, error) {
	switch {
	case config.Says(m.config.Cex.Enabled):
		return m.readCexKey(w)
	case !m.generated():
		return w.Fetch(ctx, m.config.KeyFile)
	}
	raw := make([]byte, keyBytes)
	if _, err := io.ReadFull(w.Random, raw); err != nil {
		return "", fmt.Errorf("random key: %w", err)
	}
	return diag.Secret(hex.EncodeToString(raw)), nil
}

// withKey is a command that gets the key as a file, whose path stands in the arguments where keyPath says.
func (m *making) withKey(name string, args ...string) tool.Command {
	c := tool.Command{Tool: name, Args: args, Hidden: []diag.Secret{m.key}}
	if m.keyFile == "" {
		c.Secrets = []diag.Secret{m.key}
	}
	return c
}

func (m *making) keyPath() string {
	if m.keyFile != "" {
		return m.keyFile
	}
	return tool.SecretFile(0)
}

// cryptsetup runs it with the key.
func (m *making) cryptsetup(ctx context.Context, w *kind.Work, args ...string) error {
	_, err := w.Tools.Run(ctx, m.withKey("cryptsetup", args...))
	return err
}

func (m *making) device(w *kind.Work) string { return w.Devices.AliasOf(config.Says(m.config.Device)) }

func (m *making) closeVolume(ctx context.Context, w *kind.Work) error {
	return w.Run(ctx, "cryptsetup", "luksClose", m.config.Name)
}

// makeVolume makes the volume, if its device is still as it was when that was decided or holds a volume of ours.
func (m *making) makeVolume(ctx context.Context, w *kind.Work) error {
	v, err := look(m.config, w.Scene)
	if err != nil {
		return err
	}
	ours := v.marked() && v.seen.LUKS.Version == 2
	blank := v.found() == nothing // perhaps wiped, and cut off then
	if !ours && !blank && !kind.SameContent(v.seen, m.was.seen) {
		return fmt.Errorf("%s has changed since it was looked at", v.seen)
	}
	if err := w.Unused(ctx, v.seen.Node); err != nil {
		return err
	}
	if !blank || config.Says(m.config.WipeVolume) { // wipefs knows more kinds than are known here
		if err := w.Run(ctx, "wipefs", "-a", m.device(w)); err != nil {
			return err
		}
	}
	args, err := m.formatArguments(w)
	if err != nil {
		return err
	}
	if err := m.cryptsetup(ctx, w, args...); err != nil {
		return err
	}
	if err := m.bindSecureKey(ctx, w); err != nil {
		return err
	}
	if v, err = look(m.config, w.Scene); err == nil && v.seen.LUKS != nil {
		m.made = v.seen.LUKS.UUID
	}
	return err
}

func (m *making) formatArguments(w *kind.Work) ([]string, error) {
	args := []string{"luksFormat", "--type", "luks2", "--key-file", m.keyPath()}
	if label := config.Says(m.config.Label); label != "" {
		args = append(args, "--label", label)
	}
	if uuid := config.Says(m.config.UUID); uuid != "" {
		args = append(args, "--uuid", uuid)
	}
	if !has(m.config.Options, "--subsystem") {
		args = append(args, "--subsystem", firstBootMark)
	}
	args = append(append(args, m.config.Options...), m.device(w))
	cex, err := m.cexArguments(w)
	return append(args, cex...), err
}

func (m *making) openVolume(ctx context.Context, w *kind.Work) error {
	args := []string{"luksOpen", m.device(w), m.config.Name, "--key-file", m.keyPath(), "--persistent"}
	if config.Says(m.config.Discard) {
		args = append(args, "--allow-discards")
	}
	return m.cryptsetup(ctx, w, append(args, m.config.OpenOptions...)...)
}

func (m *making) tryKey(ctx context.Context, w *kind.Work) error {
	return m.cryptsetup(ctx, w, "luksOpen", "--test-passphrase", m.device(w), "--key-file", m.keyPath())
}

// settled has udev look at the device after an action.
func (m telling) settled(a *kind.Action) *kind.Action {
	act := a.Act
	a.Act = func(ctx context.Context, w *kind.Work) error {
		if err := act(ctx, w); err != nil {
			return err
		}
		return w.Devices.Settle(ctx, m.was.seen.Node)
	}
	return a
}

const clevisToken = "clevis"

// bind hands the policy to clevis, once the servers that it will ask do answer. Clevis takes the policy as an argument
// only.
func (m *making) bind(ctx context.Context, w *kind.Work) error {
	for _, t := range distantTangs(&m.config.Clevis) {
		at, err := advertisementURL(t.URL)
		if err != nil {
			return err
		}
		if err := w.Reach(ctx, at); err != nil {
			return err
		}
	}
	pin, text, err := clevisPin(&m.config.Clevis)
	if err != nil {
		return err
	}
	c := m.withKey("clevis", "luks", "bind", "-f", "-k", m.keyPath(), "-d", m.device(w), pin, text.Reveal())
	c.Private, c.Hidden = true, append(told(text), m.key)
	_, err = w.Tools.Run(ctx, c)
	return err
}

// unlock opens the volume as the system will. The key is in hand still, should clevis fail.
func (m *making) unlock(ctx context.Context, w *kind.Work) error {
	v, err := look(m.config, w.Scene)
	if err != nil {
		return err
	}
	if v.use != free {
		if err := m.closeVolume(ctx, w); err != nil {
			return err
		}
	}
	_, text, err := clevisPin(&m.config.Clevis)
	if err != nil {
		return err
	}
	args := []string{"luks", "unlock", "-d", m.device(w), "-n", m.config.Name}
	_, err = w.Tools.Run(ctx, tool.Command{Tool: "clevis", Args: args, Hidden: told(text)})
	return err
}

// forgetKey takes the key off that was only there to bind the volume.
func (m *making) forgetKey(ctx context.Context, w *kind.Work) error {
	if err := m.cryptsetup(ctx, w, "luksRemoveKey", m.device(w), m.keyPath()); err != nil {
		return err
	}
	delete(w.Keys.Volumes, m.config.Name)
	return nil
}
