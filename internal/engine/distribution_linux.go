package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/cmdline"
	"github.com/glowplug-os/glowplug/internal/target"
)

// distributionFile is what an image ships to say how it differs from the defaults.
const distributionFile = "/usr/lib/glowplug/distribution.json"

// A distribution is what an image decides. The file holds any of the fields; the environment overrides a few, as
// Ignition's does (docs/peer/engine.md §2).
type distribution struct {
	// KernelCommandLine is the file that holds the kernel's command line.
	KernelCommandLine string `json:"kernelCommandLinePath"`
	// RuntimeConfigDir, LocalConfigDir and SystemConfigDir hold user.ign and base configs, in falling priority.
	RuntimeConfigDir string `json:"runtimeConfigDir"`
	LocalConfigDir   string `json:"localConfigDir"`
	SystemConfigDir  string `json:"systemConfigDir"`
	// Tools are programs by the name that they are known by here: {"systemctl": "/usr/bin/systemctl"}.
	Tools map[string]string `json:"tools"`
	// FactsURL is where glowplug facts --send image sends facts; "" for nowhere.
	FactsURL string `json:"factsURL"`
	// ReportURL is where reports of first boots are sent; "" for nowhere.
	ReportURL string `json:"reportURL"`
	// ReportNetwork has the network come up in the initramfs for that, whether the config needs it or not.
	ReportNetwork bool `json:"reportNetwork"`
	// RecordFile is where glowplug record --output image writes a record of a first boot; "" for nowhere.
	RecordFile string `json:"recordFile"`
	target.Image
}

func defaultDistribution() distribution {
	return distribution{
		KernelCommandLine: "/proc/cmdline", RuntimeConfigDir: "/run/ignition", LocalConfigDir: "/etc/ignition",
		SystemConfigDir: "/usr/lib/ignition", Image: target.DefaultImage(),
	}
}

// readDistribution reads the image's file, if it has one, and the environment. A field that is not known is an error: a
// misspelt choice of the image builder's must not pass for the default.
func readDistribution(file string, env func(string) string) (distribution, error) {
	d := defaultDistribution()
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d, fmt.Errorf("distribution settings: %w", err)
	}
	if err == nil {
		if err := decodeStrictly(data, &d); err != nil {
			return d, fmt.Errorf("distribution settings: %s: %w", file, err)
		}
	}
	overrides := map[string]*string{
		"IGNITION_KERNEL_CMDLINE_PATH":       &d.KernelCommandLine,
		"IGNITION_SYSTEM_RUNTIME_CONFIG_DIR": &d.RuntimeConfigDir,
		"IGNITION_SYSTEM_LOCAL_CONFIG_DIR":   &d.LocalConfigDir,
		"IGNITION_SYSTEM_CONFIG_DIR":         &d.SystemConfigDir,
	}
	for name, to := range overrides {
		if value := env(name); value != "" {
			*to = value
		}
	}
	return d, overrideBool(&d.KeysFragment, "IGNITION_WRITE_AUTHORIZED_KEYS_FRAGMENT", env)
}

// FactsURL is where the image of this machine wants facts; "" for nowhere.
func FactsURL(p *cli.Process) (string, error) {
	d, err := readDistribution(distributionFile, p.Env)
	return d.FactsURL, err
}

// argReportURL is the kernel argument that counts more than the image's reportURL.
const argReportURL = "glowplug.report.url"

// reportURL is where the kernel command line, or else the image, wants reports; "" for nowhere. The name is that of the
// setting, for messages.
func (d *distribution) reportURL() (name, to string) {
	line, _ := os.ReadFile(d.KernelCommandLine) // a stage without one does not get this far
	if to := cmdline.Last(string(line), argReportURL); to != "" {
		return "kernel command line: " + argReportURL, to
	}
	return "distribution settings: reportURL", d.ReportURL
}

// RecordFile is where the image of this machine wants a record of its first boot; "" for nowhere.
func RecordFile(p *cli.Process) (string, error) {
	d, err := readDistribution(distributionFile, p.Env)
	return d.recordFile(err)
}

func (d *distribution) recordFile(err error) (string, error) {
	if err == nil && d.RecordFile != "" && !strings.HasPrefix(d.RecordFile, "/") {
		err = errors.New("distribution settings: recordFile: the path is not absolute")
	}
	return d.RecordFile, err
}

// RecordFileOf is the same of an image whose root is this.
func RecordFileOf(v target.View) (string, error) {
	d, err := distributionOf(v)
	return d.recordFile(err)
}

// ImageOf reads what the builder of an image has decided: of the image itself, and which programs it calls otherwise.
func ImageOf(v target.View) (target.Image, map[string]string, error) {
	d, err := distributionOf(v)
	return d.Image, d.Tools, err
}

func distributionOf(v target.View) (distribution, error) {
	d := defaultDistribution()
	data, err := v.ReadFile(distributionFile, target.TextMost)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d, nil
	case err == nil:
		err = decodeStrictly(data, &d)
	}
	if err != nil {
		err = fmt.Errorf("distribution settings: %s: %w", distributionFile, err)
	}
	return d, err
}

func decodeStrictly(data []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is text after the object")
	}
	return nil
}

func overrideBool(to *bool, name string, env func(string) string) error {
	value := env(name)
	switch {
	case value == "":
	case slices.Contains([]string{"true", "1"}, value):
		*to = true
	case slices.Contains([]string{"false", "0"}, value):
		*to = false
	default:
		return fmt.Errorf("the environment variable %s is %q; it may be %s", name, value,
			strings.Join([]string{"true", "1", "false", "0"}, ", "))
	}
	return nil
}
