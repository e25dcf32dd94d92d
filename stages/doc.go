// Package stages is the boot, in order: what each stage process reads, does and leaves. It also applies a config to a
// directory, by the code of the files stage. docs/engine.md says the same for people.
//
// In come a Boot, all that the process knows of its circumstances, or an Application, a config and a directory. Stages
// hand things on by files (internal/handoff): the config cache, the state, the origins of each item, the flag that asks
// for the network. What disks, mounts and files are made of is decided in the packages below.
//
// A stage goes this way: read the kernel's command line and its time limits; read the state; merge the base configs of
// the image, anew in every stage; get the user's config from its sources (fetch-offline, fetch), or read what an
// earlier stage left; lay the user's config over base; do what the stage is for; leave the state, or the flag for the
// network; report to the platform.
//
// What is surprising:
//
//   - Each stage is a process of its own, because units and drop-ins of existing images order and wrap them.
//   - fetch-offline sends nothing. That the network is needed is found out by an error (fetch.ErrNeedNet), and is
//     success. Needing it later, for a file, leaves the flag as well, with a config that is complete (needsNetwork).
//   - The config cache holds the user's config without base, in the form that Ignition has there. What that form loses
//     is in the state.
//   - An error of a step is placed: by the origins at file, line and column of the config, else by its path.
//   - Base and the user's config are held against the rules together only for a warning: what is wrong only then has
//     never stopped a boot.
//   - Keys of volumes go into the state also when the disks stage fails, for whoever looks at the machine then.
//   - A stage that the machine's own shutdown ends has not failed (ErrShutdown).
//   - umount runs on the way to an emergency shell, too. Volumes keep the mark of an unfinished first boot then.
package stages
