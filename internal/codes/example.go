package codes

import (
	"maps"
	"strings"
)

// A By is the way in which an example shows its problem.
type By uint8

// The ways.
const (
	ByValidate By = iota // glowplug validate FILE
	ByMissing            // the same, of a file that is not there
	ByFull               // the same, once there is no room for another text
	ByConvert            // glowplug convert --to 3.2.0 FILE
	ByButane             // under the name butane
	ByRaw                // glowplug convert --raw FILE
	ByFetch              // when it is fetched; a check finds another problem first
	ByApply              // glowplug apply --ignore-unsupported FILE
	ByPlan               // glowplug plan, of an empty directory
	ByImage              // the same, of an empty disk
	ByLint               // glowplug validate FILE, as advice
	ByTarget             // glowplug validate --target fcos:34 FILE
	ByPlatform           // glowplug validate --platform aws FILE
	ByProject            // glowplug validate .glowplug.yaml
	ByRoot               // glowplug validate --root DIR FILE
	ByWhole              // glowplug validate FILE, as those who check a whole config are told
)

// A way is how an example is run, which command tells a workstation of what it shows, and who else is ever told.
type way struct {
	run, teller string
	boot, peer  bool
}

func (b By) way() way {
	const validate = "glowplug validate"
	return [...]way{
		ByValidate: {validate, validate, true, true},
		ByMissing:  {validate, validate, true, true},
		ByFull:     {validate, validate, true, true},
		ByConvert:  {"glowplug convert --to 3.2.0", "glowplug convert --to", false, false},
		ByButane:   {"butane", validate, true, true},
		ByRaw:      {"glowplug convert --raw", "glowplug convert --raw", false, true},
		ByFetch:    {"ignition-apply", "glowplug apply", true, false},
		ByApply:    {"glowplug apply --ignore-unsupported --root DIR", "glowplug apply", false, false},
		ByPlan:     {"glowplug plan --root DIR", "glowplug plan", true, false},
		ByTarget:   {validate + " --target fcos:34", validate + " --target", false, false},
		ByLint:     {validate, validate, false, false},
		ByPlatform: {validate + " --platform aws", validate + " --platform", false, false},
		ByProject:  {validate, validate, false, false},
		ByRoot:     {validate + " --root DIR", validate + " --root", false, false},
		ByWhole:    {validate, validate, false, false},
		ByImage:    {"glowplug plan --disk /dev/vda=IMAGE", "glowplug plan", true, false},
	}[b]
}

// Command is how an example is run, its file being the last word. A project file has a name of its own.
func (b By) Command(file string) string {
	if b == ByProject {
		file = ".glowplug.yaml"
	}
	return b.way().run + " " + file
}

// A Pair is a text that has a problem and its nearest neighbour that has not.
type Pair struct {
	Wrong, Right string
	By           By
	// Files are the local files that a Butane document may name, by their names in the folder of --files-dir.
	Files []string
	// Said stands in the place of a wrong text that is too long or has bytes that cannot be shown.
	Said string
	// Beside are codes that come along with the wrong text, because the problem cannot stand alone: see the row.
	Beside []Code
}

// mark is where the wrong text and the right one differ.
const mark = "~~"

func pair(text, wrong, right string) *Pair {
	return &Pair{Wrong: strings.ReplaceAll(text, mark, wrong), Right: strings.ReplaceAll(text, mark, right)}
}

// old is a config of some version.
func old(version, members, wrong, right string) *Pair {
	members = strings.ReplaceAll(strings.Trim(members, "\n"), "\n", "\n  ")
	return pair("{\n  \"ignition\": {\"version\": \""+version+"\"},\n  "+members+"\n}\n", wrong, right)
}

// newest is a config of the newest stable version.
func newest(members, wrong, right string) *Pair { return old("3.6.0", members, wrong, right) }

// ignition is a config with something beside its version.
func ignition(members, wrong, right string) *Pair {
	return pair("{\"ignition\": {\n  \"version\": \"3.6.0\",\n  "+members+"\n}}\n", wrong, right)
}

// file is a config with one file.
func file(members, wrong, right string) *Pair {
	return newest(`"storage": {"files": [{`+members+`}]}`, wrong, right)
}

// from is a config with a file that has a source.
func from(wrong, right string) *Pair {
	return file("\n"+`  "path": "/etc/motd",`+"\n"+`  "contents": {"source": "`+mark+`"}`+"\n", wrong, right)
}

// disk is a config with a disk and its partitions.
func disk(partitions, wrong, right string) *Pair {
	return newest(`"storage": {"disks": [{"device": "/dev/vda", "partitions": [`+partitions+`]}]}`, wrong, right)
}

// volume is a config with an encrypted volume.
func volume(members, wrong, right string) *Pair {
	return newest(`"storage": {"luks": [{"name": "data", "device": "/dev/vdb", `+members+`}]}`, wrong, right)
}

// targetPairs are the examples of what a target lacks.
func targetPairs() map[Code]*Pair {
	return map[Code]*Pair{
		TargetLacks: pair("{\n  \"ignition\": {\"version\": \"~~\"}\n}\n", "3.3.0", "3.2.0"),
		UnitDirectiveNewer: old("3.2.0", `"systemd": {"units": [{"name": "web.service",`+"\n"+
			`  "contents": "[Service]\nExecStart=/bin/web\n~~"}]}`, `ExitType=cgroup\n`, ""),
	}
}

// user is a config with one user.
func user(members, wrong, right string) *Pair {
	return newest(`"passwd": {"users": [{`+members+`}]}`, wrong, right)
}

// unit is a config with one unit.
func unit(members, wrong, right string) *Pair {
	return newest(`"systemd": {"units": [{`+members+`}]}`, wrong, right)
}

// document is a Butane document of a version.
func document(variant, version, body, wrong, right string) *Pair {
	return pair("variant: "+variant+"\nversion: "+version+"\n"+strings.TrimPrefix(body, "\n"), wrong, right)
}

// fcos is a Butane document of the newest stable version for Fedora CoreOS.
func fcos(body, wrong, right string) *Pair { return document("fcos", "1.7.0", body, wrong, right) }

// with says which local files an example has.
func (p *Pair) with(files ...string) *Pair {
	p.Files = files
	return p
}

// by says how an example is run.
func (p *Pair) by(way By) *Pair {
	p.By = way
	return p
}

// beside says which codes come along.
func (p *Pair) beside(codes ...Code) *Pair {
	p.Beside = codes
	return p
}

// said says what the wrong text is, where it cannot be shown.
func (p *Pair) said(what string) *Pair {
	p.Said = what
	return p
}

// Show gives the example of a row. It is no field, so that programs which show none do not hold them all.
func (r Row) Show() *Pair { return Examples()[r.Code] }

// Examples are those of all rows.
func Examples() map[Code]*Pair {
	all := map[Code]*Pair{}
	for _, some := range []map[Code]*Pair{
		accountPairs(), shownBy(ByLint, advicePairs()), shownBy(ByLint, passedOverPairs()), bootPairs(),
		contentPairs(), diskPairs(), documentPairs(), localPairs(), filesystemPairs(), keyPairs(),
		luksPairs(), nodePairs(), projectPairs(), shownBy(ByRoot, imagePairs()), sourcePairs(),
		sugarPairs(), variantPairs(), textPairs(), shownBy(ByLint, unitAdvicePairs()), unitPairs(),
		applyPairs(), shownBy(ByTarget, targetPairs()),
	} {
		maps.Copy(all, some)
	}
	return all
}

// shownBy has pairs show their problems in a way.
func shownBy(by By, pairs map[Code]*Pair) map[Code]*Pair {
	for _, p := range pairs {
		p.By = by
	}
	return pairs
}
