package config

// A Config describes one machine in the newest version of the language. Optional scalars are pointers, nil where they
// are absent: in a merge an absent scalar keeps the value of the parent, and a zero replaces it. The tag json is the
// name of a field. The tag secret marks a value of which excerpts of a document show a part or nothing: of a "url" all
// but user, query and fragment, of a "key" for SSH the public key only, of "true" nothing.
type Config struct {
	// Metadata about the document itself: its version, other documents, how to fetch.
	Ignition Ignition `json:"ignition"`
	// Kernel arguments that must and must not be there.
	KernelArguments KernelArguments `json:"kernelArguments"`
	// Accounts.
	Passwd Passwd `json:"passwd"`
	// Disks, filesystems, files.
	Storage Storage `json:"storage"`
	// Units.
	Systemd Systemd `json:"systemd"`
}

// Ignition is the metadata of a config.
type Ignition struct {
	// Other documents to merge or to continue with.
	Config IgnitionConfig `json:"config"`
	// Proxies for fetching. The environment's are never consulted.
	Proxy Proxy `json:"proxy"`
	// Trust for fetching.
	Security Security `json:"security"`
	// Time limits for fetching.
	Timeouts Timeouts `json:"timeouts"`
	// The version of the language that the document is written in, exactly as the list of versions spells it.
	Version string `json:"version"`
}

// IgnitionConfig names other documents.
type IgnitionConfig struct {
	// Documents merged on top of this one, in order.
	Merge []Resource `json:"merge,omitempty"`
	// A document to use instead of this one.
	Replace Resource `json:"replace"`
}

// Proxy names the proxies used for fetching.
type Proxy struct {
	// Proxy for http requests.
	HTTPProxy *string `json:"httpProxy,omitempty" secret:"url"`
	// Proxy for https requests.
	HTTPSProxy *string `json:"httpsProxy,omitempty" secret:"url"`
	// Hosts reached without a proxy: host or domain, .domain, IP, CIDR, any with :port, or *.
	NoProxy []string `json:"noProxy,omitempty"`
}

// Security holds trust settings.
type Security struct {
	// TLS settings.
	TLS TLS `json:"tls"`
}

// TLS holds settings for https.
type TLS struct {
	// PEM bundles trusted beside the system's.
	CertificateAuthorities []Resource `json:"certificateAuthorities,omitempty"`
}

// Timeouts bounds every fetch of a document or a file.
type Timeouts struct {
	// Seconds to wait for a server's response headers; default 10, 0 for no limit.
	HTTPResponseHeaders *int `json:"httpResponseHeaders,omitempty"`
	// Seconds for one resource, all attempts included; default and 0 for no limit.
	HTTPTotal *int `json:"httpTotal,omitempty"`
}

// A Resource is something to fetch.
type Resource struct {
	// gzip, or absent. The digest is of the decompressed bytes.
	Compression *string `json:"compression,omitempty"`
	// Headers to send; http and https only.
	HTTPHeaders []HTTPHeader `json:"httpHeaders,omitempty"`
	// A URL: http, https, tftp, s3, arn, gs or data.
	Source *string `json:"source,omitempty" secret:"url"`
	// What the content must be.
	Verification Verification `json:"verification"`
}

// HTTPHeader is one request header.
type HTTPHeader struct {
	// The header's name.
	Name string `json:"name"`
	// Its value; absent removes a header of a merge parent.
	Value *string `json:"value,omitempty" secret:"true"`
}

// Verification says how to check fetched content.
type Verification struct {
	// sha512-<128 hex digits> or sha256-<64 hex digits>.
	Hash *string `json:"hash,omitempty"`
}

// KernelArguments lists kernel arguments; an entry may hold spaces.
type KernelArguments struct {
	// Arguments that must be there.
	ShouldExist []string `json:"shouldExist,omitempty" secret:"true"`
	// Arguments that must not be there.
	ShouldNotExist []string `json:"shouldNotExist,omitempty" secret:"true"`
}

// Passwd lists accounts.
type Passwd struct {
	// Groups, made before users.
	Groups []PasswdGroup `json:"groups,omitempty"`
	// Users.
	Users []PasswdUser `json:"users,omitempty"`
}

// PasswdGroup is a group of the target system.
type PasswdGroup struct {
	// Group id.
	Gid *int `json:"gid,omitempty"`
	// The group's name.
	Name string `json:"name"`
	// Hash of the group's password.
	PasswordHash *string `json:"passwordHash,omitempty" secret:"true"`
	// False deletes the group.
	ShouldExist *bool `json:"shouldExist,omitempty"`
	// Take an id from the system range; only when creating.
	System *bool `json:"system,omitempty"`
}

// PasswdUser is a user of the target system.
type PasswdUser struct {
	// Full name and contact, the fifth field of passwd(5).
	Gecos *string `json:"gecos,omitempty"`
	// Supplementary groups.
	Groups []string `json:"groups,omitempty"`
	// Home directory.
	HomeDir *string `json:"homeDir,omitempty"`
	// The user's name.
	Name string `json:"name"`
	// Do not create the home; only when creating.
	NoCreateHome *bool `json:"noCreateHome,omitempty"`
	// Do not enter the user in lastlog and faillog; only when creating.
	NoLogInit *bool `json:"noLogInit,omitempty"`
	// Do not create a group of the user's own; only when creating.
	NoUserGroup *bool `json:"noUserGroup,omitempty"`
	// Hash of the password as crypt(5) has it; empty locks password login.
	PasswordHash *string `json:"passwordHash,omitempty" secret:"true"`
	// Name or id of the primary group.
	PrimaryGroup *string `json:"primaryGroup,omitempty"`
	// Public keys that may log in over SSH.
	SSHAuthorizedKeys []string `json:"sshAuthorizedKeys,omitempty" secret:"key"`
	// Login shell.
	Shell *string `json:"shell,omitempty"`
	// False deletes the user.
	ShouldExist *bool `json:"shouldExist,omitempty"`
	// Take an id from the system range; only when creating.
	System *bool `json:"system,omitempty"`
	// User id.
	UID *int `json:"uid,omitempty"`
}

// Storage lists what is to be on the disks.
type Storage struct {
	// Directories to make.
	Directories []Directory `json:"directories,omitempty"`
	// Disks and their partitions.
	Disks []Disk `json:"disks,omitempty"`
	// Files to write.
	Files []File `json:"files,omitempty"`
	// Filesystems to make, and where to mount them while provisioning.
	Filesystems []Filesystem `json:"filesystems,omitempty"`
	// Hard and symbolic links to make.
	Links []Link `json:"links,omitempty"`
	// Encrypted volumes.
	Luks []Luks `json:"luks,omitempty"`
	// Software RAID arrays.
	Raid []Raid `json:"raid,omitempty"`
}

// A Node is what directories, files and links have in common.
type Node struct {
	// The owning group.
	Group NodeOwner `json:"group"`
	// Remove what stands at the path first.
	Overwrite *bool `json:"overwrite,omitempty"`
	// Absolute path in the target root.
	Path string `json:"path"`
	// The owning user.
	User NodeOwner `json:"user"`
}

// NodeOwner is a user or a group, by id or by name, never both.
type NodeOwner struct {
	// Numeric id.
	ID *int `json:"id,omitempty"`
	// Name, looked up in the target root.
	Name *string `json:"name,omitempty"`
}

// Directory is a directory to make.
type Directory struct {
	Node
	// Permission bits, decimal in JSON; default 0755 (493).
	Mode *int `json:"mode,omitempty"`
}

// File is a file to write.
type File struct {
	Node
	// Fragments appended in order.
	Append []Resource `json:"append,omitempty"`
	// The content; an absent source leaves an existing file's alone.
	Contents Resource `json:"contents"`
	// Permission bits, decimal in JSON; default 0644 (420).
	Mode *int `json:"mode,omitempty"`
}

// Link is a hard or symbolic link to make.
type Link struct {
	Node
	// A hard link instead of a symbolic one.
	Hard *bool `json:"hard,omitempty"`
	// What the link points at.
	Target *string `json:"target,omitempty"`
}

// Disk is a whole disk.
type Disk struct {
	// Absolute path of the device.
	Device string `json:"device"`
	// Partitions that must or must not be there.
	Partitions []Partition `json:"partitions,omitempty"`
	// Clear the partition table first.
	WipeTable *bool `json:"wipeTable,omitempty"`
}

// Partition is an entry of a GPT.
type Partition struct {
	// Unique GUID of the partition.
	GUID *string `json:"guid,omitempty"`
	// Name of the partition in the table.
	Label *string `json:"label,omitempty"`
	// Slot in the table from 1; 0 for the next free one.
	Number int `json:"number,omitempty"`
	// Change the size if nothing else differs.
	Resize *bool `json:"resize,omitempty"`
	// False: the partition must be absent.
	ShouldExist *bool `json:"shouldExist,omitempty"`
	// Size in MiB; 0 for all that is left.
	SizeMiB *int `json:"sizeMiB,omitempty"`
	// Start in MiB; 0 for the start of the largest free block.
	StartMiB *int `json:"startMiB,omitempty"`
	// GUID of the partition's type.
	TypeGUID *string `json:"typeGuid,omitempty"`
	// Delete and make anew what does not match.
	WipePartitionEntry *bool `json:"wipePartitionEntry,omitempty"`
}

// Filesystem is a filesystem on a device.
type Filesystem struct {
	// Absolute path of the device; for virtiofs the tag.
	Device string `json:"device"`
	// ext4, btrfs, xfs, vfat, swap, none or virtiofs.
	Format *string `json:"format,omitempty"`
	// The filesystem's label.
	Label *string `json:"label,omitempty"`
	// Options for mounting while provisioning.
	MountOptions []string `json:"mountOptions,omitempty"`
	// Arguments for the program that makes the filesystem.
	Options []string `json:"options,omitempty"`
	// Where it is mounted while provisioning.
	Path *string `json:"path,omitempty"`
	// The filesystem's UUID.
	UUID *string `json:"uuid,omitempty"`
	// Make it anew whatever is there.
	WipeFilesystem *bool `json:"wipeFilesystem,omitempty"`
}

// Luks is an encrypted volume.
type Luks struct {
	// Crypto Express keys (s390x).
	Cex Cex `json:"cex"`
	// Keys by policy.
	Clevis Clevis `json:"clevis"`
	// Absolute path of the device.
	Device *string `json:"device,omitempty"`
	// Pass discards through.
	Discard *bool `json:"discard,omitempty"`
	// The key; absent for a random one.
	KeyFile Resource `json:"keyFile"`
	// Label of the LUKS header.
	Label *string `json:"label,omitempty"`
	// Name of the opened volume.
	Name string `json:"name"`
	// Arguments for opening, kept in the header.
	OpenOptions []string `json:"openOptions,omitempty"`
	// Arguments for formatting.
	Options []string `json:"options,omitempty"`
	// UUID of the LUKS header.
	UUID *string `json:"uuid,omitempty"`
	// Make it anew whatever is there.
	WipeVolume *bool `json:"wipeVolume,omitempty"`
}

// Cex is encryption with keys of a Crypto Express adapter.
type Cex struct {
	// Use it.
	Enabled *bool `json:"enabled,omitempty"`
}

// Clevis binds a volume to a policy.
type Clevis struct {
	// A pin given verbatim, instead of the others.
	Custom ClevisCustom `json:"custom"`
	// Tang servers.
	Tang []Tang `json:"tang,omitempty"`
	// How many pins must open; default 1.
	Threshold *int `json:"threshold,omitempty"`
	// Bind to the TPM.
	Tpm2 *bool `json:"tpm2,omitempty"`
}

// ClevisCustom is a pin given verbatim.
type ClevisCustom struct {
	// The pin's configuration, JSON text.
	Config *string `json:"config,omitempty" secret:"true"`
	// Whether unlocking needs the network.
	NeedsNetwork *bool `json:"needsNetwork,omitempty"`
	// The pin's name.
	Pin *string `json:"pin,omitempty"`
}

// Tang is a Tang server.
type Tang struct {
	// The server's advertisement, JSON text, for binding without network.
	Advertisement *string `json:"advertisement,omitempty"`
	// Thumbprint of a signing key.
	Thumbprint *string `json:"thumbprint,omitempty"`
	// URL of the server.
	URL string `json:"url" secret:"url"`
}

// Raid is a software RAID array.
type Raid struct {
	// Absolute paths of the members.
	Devices []string `json:"devices,omitempty"`
	// RAID level as mdadm has it.
	Level *string `json:"level,omitempty"`
	// Name of the array.
	Name string `json:"name"`
	// Arguments for mdadm.
	Options []string `json:"options,omitempty"`
	// How many members are spares.
	Spares *int `json:"spares,omitempty"`
}

// Systemd lists units.
type Systemd struct {
	// Units to write, enable, disable, mask.
	Units []Unit `json:"units,omitempty"`
}

// Unit is a systemd unit.
type Unit struct {
	// The unit's text; absent or empty writes nothing.
	Contents *string `json:"contents,omitempty" secret:"true"`
	// Drop-ins of the unit.
	Dropins []Dropin `json:"dropins,omitempty"`
	// True or false writes a preset.
	Enabled *bool `json:"enabled,omitempty"`
	// True masks the unit, false unmasks it.
	Mask *bool `json:"mask,omitempty"`
	// Name with its extension.
	Name string `json:"name"`
}

// Dropin is a drop-in of a unit.
type Dropin struct {
	// The drop-in's text; empty writes an empty file.
	Contents *string `json:"contents,omitempty" secret:"true"`
	// Name, ending in .conf.
	Name string `json:"name"`
}
