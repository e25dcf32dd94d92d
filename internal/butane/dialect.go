package butane

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/language"
)

// A Dialect is one variant in one version: what a document's first two lines choose.
type Dialect struct {
	Variant, Version string
	// Spec is the version of the config that is made. It also decides which fields of a config a document has.
	Spec     config.Version
	features language.Features
}

// The features of dialects: first those that add to what documents can say, each with a file of its own.
const (
	inlineFiles   language.Features = 1 << iota // contents of files in the document
	localFiles                                  // contents of every resource in the document or in a local file
	localKeys                                   // SSH keys in local files
	localUnits                                  // units in local files
	mountUnits                                  // units that mount filesystems
	swapUnits                                   // and units that swap
	trees                                       // local folders
	treeOwners                                  // and their owners and modes
	quadlets                                    // podman's units
	bootDevice                                  // an encrypted or mirrored boot disk
	bootDiscards                                // and discards on it
	mainframes                                  // and those of s390x
	grubUsers                                   // users of the boot loader
	machineConfig                               // a MachineConfig around the config

	// What else is known of the machines of a variant.
	shortURLs      // contents are written in the shortest way, with a word on how
	gzip           // and compressed where that is shorter
	imageDisk      // the image has partitions of these numbers and labels
	rootGrowth     // and its root grows on the first boot
	ownDisk        // and the document says by number which partitions to keep, and mounts where somebody may write
	bootChecks     // a boot disk needs its layout, and a way to open it
	plainModes     // files have no set-id and sticky bits
	cexArgument    // a Crypto Express adapter needs a kernel argument
	approvedCipher // encryption is fit for FIPS mode by itself
	wholeGrub      // users of the boot loader become a file and not a part of one

	// What of a config the machines can do: see restrictions.
	kernelArguments
	groups
	userSettings
	passwords
	directories
	appending
	compression
	fileHeaders
	links
	disks
	filesystems
	luks
	raid
	clevis
	cex
)

const (
	wholeConfig = kernelArguments | groups | userSettings | passwords | directories | appending | compression |
		fileHeaders | links | disks | filesystems | luks | raid | clevis | cex
	blockDevices = disks | filesystems | luks | raid
	edge         = wholeConfig&^(kernelArguments|blockDevices) | gzip // Fedora IoT and RHEL for Edge
)

// sugar lists the features in the order in which they are checked and lowered.
func sugar() []func() feature {
	return []func() feature{identity, contents, modes, mounts, localFolders, userKeys, unitTexts, podmanUnits, bootDisk,
		image, bootLoader, manifestConfig}
}

// shared lists the features that documents of every variant gain with a version of the config.
func shared() [config.Newest + 1]language.Features {
	return [config.Newest + 1]language.Features{
		config.V3_0: inlineFiles,
		config.V3_1: localFiles | mountUnits | trees | shortURLs,
		config.V3_3: swapUnits,
		config.V3_4: localKeys | localUnits,
		config.V3_6: treeOwners,
		config.V3_7: quadlets,
	}
}

// rows is the table of dialects (docs/peer/butane.md §1), the newest version of a variant last. Each has the features
// of the version before it, and those that it adds.
func rows() []Dialect {
	return []Dialect{
		{"fcos", "1.0.0", config.V3_0, wholeConfig | imageDisk},
		{"fcos", "1.1.0", config.V3_1, gzip},
		{"fcos", "1.2.0", config.V3_2, 0},
		{"fcos", "1.3.0", config.V3_2, bootDevice | rootGrowth},
		{"fcos", "1.4.0", config.V3_3, 0},
		{"fcos", "1.5.0", config.V3_4, bootDiscards | grubUsers},
		{"fcos", "1.6.0", config.V3_5, mainframes | ownDisk},
		{"fcos", "1.7.0", config.V3_6, bootChecks},
		{"fcos", "1.8.0-experimental", config.V3_7, 0},
		{"flatcar", "1.0.0", config.V3_3, wholeConfig&^(clevis|cex) | gzip},
		{"flatcar", "1.1.0", config.V3_4, 0},
		{"flatcar", "1.2.0-experimental", config.V3_7, clevis},
		{"r4e", "1.0.0", config.V3_3, edge},
		{"r4e", "1.1.0", config.V3_4, 0},
		{"r4e", "1.2.0-experimental", config.V3_7, 0},
		{"fiot", "1.0.0", config.V3_4, edge},
		{"fiot", "1.1.0-experimental", config.V3_7, 0},
		{"openshift", "4.8.0", config.V3_2,
			machineConfig | imageDisk | rootGrowth | bootDevice | blockDevices | clevis | cex},
		{"openshift", "4.9.0", config.V3_2, 0},
		{"openshift", "4.10.0", config.V3_2, gzip | compression | plainModes},
		{"openshift", "4.11.0", config.V3_2, 0},
		{"openshift", "4.12.0", config.V3_2, 0},
		{"openshift", "4.13.0", config.V3_2, passwords},
		{"openshift", "4.14.0", config.V3_4, bootDiscards | grubUsers},
		{"openshift", "4.15.0", config.V3_4, 0},
		{"openshift", "4.16.0", config.V3_4, 0},
		{"openshift", "4.17.0", config.V3_4, 0},
		{"openshift", "4.18.0", config.V3_4, 0},
		{"openshift", "4.19.0", config.V3_5, mainframes | cexArgument},
		{"openshift", "4.20.0", config.V3_5, approvedCipher},
		{"openshift", "4.21.0", config.V3_5, 0},
		{"openshift", "4.22.0", config.V3_5, 0},
		{"openshift", "4.23.0-experimental", config.V3_7, bootChecks | wholeGrub},
	}
}

// Dialects is every variant and version, the newest version of a variant last.
func Dialects() []Dialect { return slices.Clone(dialects()) }

var dialects = sync.OnceValue(func() []Dialect {
	all, gains := rows(), shared()
	for i := range all {
		d := &all[i]
		if i > 0 && all[i-1].Variant == d.Variant {
			d.features |= all[i-1].features
		}
		for _, gained := range gains[:d.Spec+1] {
			d.features |= gained
		}
	}
	return all
})

func (d Dialect) has(feature language.Features) bool { return d.features&feature == feature }

// firstWith finds the first version of the variant for which is says true.
func (d Dialect) firstWith(is func(Dialect) bool) (Dialect, bool) {
	all := dialects()
	i := slices.IndexFunc(all, func(other Dialect) bool { return other.Variant == d.Variant && is(other) })
	if i < 0 {
		return Dialect{}, false
	}
	return all[i], true
}

// String names the dialect: "fcos 1.6.0".
func (d Dialect) String() string { return d.Variant + " " + d.Version }

// Find gives a variant in a version; "" is the newest stable version. The error lists the variants or versions.
func Find(variant, version string) (Dialect, error) {
	known := versions(variant)
	if len(known) == 0 {
		return Dialect{}, fmt.Errorf("the variant %q is not known; the variants are %s", variant, variants())
	}
	if version == "" {
		version = newest(variant)
	}
	for _, d := range dialects() {
		if d.Variant == variant && d.Version == version {
			return d, nil
		}
	}
	return Dialect{},
		fmt.Errorf("the variant %s has no version %q; the versions are %s", variant, version, strings.Join(known, ", "))
}

func variants() string {
	var names []string
	for _, d := range dialects() {
		if !slices.Contains(names, d.Variant) {
			names = append(names, d.Variant)
		}
	}
	return strings.Join(names, ", ")
}

func versions(variant string) []string {
	var found []string
	for _, d := range dialects() {
		if d.Variant == variant {
			found = append(found, d.Version)
		}
	}
	return found
}

// FirstLines names the first two lines of a document of a variant in its newest version, in words.
func FirstLines(variant string) string {
	return "variant: " + variant + " and version: " + newest(variant)
}

// newest is the newest stable version of a variant. For an unknown variant it is that of the first one in the table.
func newest(variant string) string {
	found := ""
	for _, v := range versions(variant) {
		if !strings.Contains(v, "-") {
			found = v
		}
	}
	if found == "" {
		return newest(dialects()[0].Variant)
	}
	return found
}
