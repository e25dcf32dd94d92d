// Package providers knows where each platform keeps the config that its user gave it. It fetches text; what the text
// means is config's business. docs/platforms.md is made of its table.
//
// In come the kernel's command line, the folders of the image that may hold user.ign, the Platform, and a Machine: the
// functions by which sources ask the machine and the network. Out comes a Document: a text, its name for messages, and
// files that the platform wants on the machine. ErrNone says that a source was asked and that there is no config;
// fetch.ErrNeedNet says that there is no answer without the network.
//
// Sources.Config asks in this order, and the first source that has a say ends the search, also by saying that there is
// none: the kernel arguments; user.ign; the platform. What a platform gives is unpacked (gzip, base64), a blank text
// becomes ErrNone, and where a platform is shared with cloud-init, a text that only cloud-init reads is none as well.
//
// A platform is a row of the table in table.go, and most rows are data for a few kinds of sources: a metadata service
// (http.go), a drive with a label (drives.go), a host that is asked by a device (firmware.go, hyperv.go, virtualbox.go,
// vmware.go), and some that combine two of these.
//
// What is surprising:
//
//   - A function of Machine that is nil is something that the caller cannot do. It is an error only where a source
//     needs it. Local fills in what takes system calls alone; stages adds fetching, tools and mounts.
//   - Some hosts say a thing only once. Such a Document is marked Once, and the next stage of the boot brings the text
//     along in Machine.Said; files that were given come back in Machine.Kept.
//   - Waiting is told: a line at the start and every 30 seconds. What is waited for how long is in docs/platforms.md,
//     where the text stands in docs.go.
//   - Where a service has an IPv4 and an IPv6 address both are asked, and that there is no config is believed only once
//     both have said so, or some time after the first.
//   - testdata/<id>.txtar holds what is asked and answered, step by step. It is the test of a platform, and says where
//     its facts come from.
package providers
