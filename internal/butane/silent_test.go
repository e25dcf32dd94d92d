package butane_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// What the peer leaves out without a word, or with a warning, is told at a workstation. At boot it is a warning.
func TestWhatWouldBeMissingIsTold(t *testing.T) {
	const machineConfig = "metadata: {labels: {machineconfiguration.openshift.io/role: worker}, name: "
	for claim, c := range map[string]struct{ dialect, text, want string }{
		"nothing that opens the disk": {"fcos 1.5.0", "boot_device: {luks: {}}", "error luks-no-method"},
		"a threshold alone": {"fcos 1.5.0", "boot_device: {luks: {threshold: 2}}",
			"error luks-no-method"},
		"discards alone": {"fcos 1.5.0", "boot_device: {luks: {discard: true}}",
			"error luks-no-method"},
		"a device alone": {"fcos 1.6.0", "boot_device: {luks: {device: /dev/a}}",
			"error luks-no-method"},
		"a TPM that is switched off": {"fcos 1.5.0", "boot_device: {luks: {tpm2: false}}",
			"warning luks-no-method"},
		"with a threshold": {"fcos 1.5.0", "boot_device: {luks: {tpm2: false, threshold: 1}}",
			"error luks-no-method"},
		"an adapter that is": {"fcos 1.6.0", "boot_device: {luks: {cex: {enabled: false}}}",
			"warning luks-no-method"},
		"an OpenShift's disk": {"openshift 4.19.0", machineConfig + "a}\nboot_device: {luks: {}}",
			"error luks-no-method"},
		"a TPM":                          {"fcos 1.5.0", "boot_device: {luks: {tpm2: true}}", ""},
		"no encryption":                  {"fcos 1.5.0", "boot_device: {layout: x86_64}", ""},
		"a boot disk of another variant": {"flatcar 1.1.0", "boot_device: {luks: {tpm2: true}}", "error unsupported"},
		"a boot loader of another one":   {"flatcar 1.1.0", "grub: {users: []}", "error unsupported"},
		"a key of a later version":       {"fcos 1.2.0", "boot_device: {luks: {tpm2: true}}", "warning key-too-new"},
		"a name with capitals":           {"openshift 4.19.0", machineConfig + "99-Worker_x}", "error metadata-name"},
		"a name that ends in a dash":     {"openshift 4.19.0", machineConfig + "99-}", "error metadata-name"},
		"a name of several parts":        {"openshift 4.19.0", machineConfig + "99-worker.a-b}", ""},
	} {
		variant, version, _ := strings.Cut(c.dialect, " ")
		r := parse("variant: " + variant + "\nversion: " + version + "\n" + c.text + "\n")
		told := func(audience diag.Audience) (all []string) {
			for _, p := range diag.For(audience, r.Problems) {
				all = append(all, p.Severity.String()+" "+string(p.Code))
			}
			return all
		}
		if c.want == "" {
			assert.Empty(t, told(diag.Workstation), claim)
			continue
		}
		assert.Equal(t, []string{c.want}, told(diag.Workstation), claim)
		for _, at := range diag.For(diag.Boot, r.Problems) {
			assert.Equal(t, diag.Warning, at.Severity, "%s: at boot", claim)
		}
	}
}
