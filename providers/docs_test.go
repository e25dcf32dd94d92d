package providers

import "strings"

// Docs is docs/platforms.md, made of the table.
func Docs() string {
	var out strings.Builder
	out.WriteString(`# Platforms

Made from the table in ` + "`providers/table.go`" + ` by ` + "`go test ./providers -update`" + `; ` + "`glowplug platforms`" + ` prints the same but
for the last column. How each is asked, step by step, is in ` + "`providers/testdata/ID.txtar`" + `, which the tests play. What is
left to other programs of the image is in [beside.md](beside.md).

The id is what the kernel argument ` + "`ignition.platform.id`" + ` gives, exactly. Before any platform the kernel arguments
` + "`ignition.config.url`" + `, or ` + "`ignition.config.device`" + ` with ` + "`ignition.config.path`" + `, are heeded, and then a file ` + "`user.ign`" + `
of the image.

* *Network* says whether the config is had before or after the network is up.
* *Reports*: the platform is told how each stage ends. *Deletes*: ` + "`ignition-rmcfg`" + ` can delete the config there.
* Gzip and base64 around a config come off, whatever the platform; what gzip holds may have 64 MiB, or up to 256 if that
  is not more than 200 times what goes in. That goes for ` + "`user.ign`" + ` and the kernel arguments, too. Zero bytes, or
  nothing but blanks, are no config.
* On platforms marked *shared*, user data that only cloud-init reads is taken for no config, with a warning. On the
  others it is an error that says what it is.
* Drives may have their label in capitals, as FAT has no others. A file that is missing on a drive that is there is no
  config.
* What ` + "`zvm`" + ` and ` + "`nvidiabluefield`" + ` give is gone from where it was. Where it refers to a server, it waits for the network
  in the state of the boot (mode 0600), and is deleted from there when it has been fetched with all that it refers to.

| id | platform | where the config is | network | reports | deletes | shared |
|---|---|---|---|---|---|---|
`)
	for _, p := range All() {
		where := strings.ReplaceAll(p.Source, "|", `\|`)
		if p.Note != "" {
			where += ". " + p.Note
		}
		cells := []string{"`" + p.ID + "`", p.Name, where, string(p.Network), yes(p.Reports()), yes(p.Removes()),
			yes(p.shared)}
		out.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	out.WriteString(`
## How long is waited

The time for everything that is fetched over HTTP is that of ` + "`--fetch-timeout`" + `, two minutes; within it an attempt
follows another, with growing pauses. What is waited for, and since when, is logged every 30 seconds. Where one place of
several fails or has none, a config at another counts.

| what | how long | then |
|---|---|---|
| a drive of ` + "`ibmcloud`, `lxd`, `nocloud`, `proxmoxve`" + ` | 30 s | no config |
| a drive of ` + "`configdrive`, `ionoscloud`, `opennebula`" + `, or of ` + "`ignition.config.device`" + ` | 30 s | an error |
| a drive of ` + "`kubevirt`, `nutanix`, `powervs`" + ` | for ever | |
| a drive of ` + "`brightbox`, `cloudstack`, `openstack`, `stackit`" + ` | until the metadata service has an answer, and 5 s more; 30 s more if it has failed or refuses | what the service said |
| the disc of ` + "`azure`, `azurestack`" + ` | 5 min | an error |
| the disc of ` + "`azure`" + ` where the service fails | 30 s from the first request on | what the service said |
| the disk of ` + "`qemu`" + ` on s390x and ppc64le | 5 min | no config |
| the host of ` + "`applehv`, `lxd`" + ` | 30 s | an error |
| the device of ` + "`hyperv`" + `; the first pair; another | 30 s; 5 s; 1 s | an error; no config; the end |
| the port of ` + "`smartos`" + ` to fall silent; its service; each 4 KiB of a value | 1 min each | an error |
| the region of ` + "`aws`" + `, once there is a token | 15 s | us-east-1 |
| a report to ` + "`packet`" + `, which takes two requests | 10 s each | a warning |

Where a service is at an IPv6 address too (` + "`akamai`, `aws`, `gcp`, `hetzner`, `oraclecloud`, `scaleway`" + ` and those of
OpenStack), and an interface has one that can reach it, that is asked 0.3 s after the first. The first config wins. That
there is none, or that the service refuses, is believed once all have said so, or 5 s after the first.

Requests to metadata services carry the firewall mark 0x7FFF0815, as those of systemd-imdsd do, so they get through
where ` + "`systemd.imds.network=locked`" + ` keeps such a service to that program.
`)
	return out.String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}
