package providers

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/order"
)

// platforms has a row for each platform, in the order of the ids. Where the facts of a row come from is in its
// transcript, testdata/<id>.txtar; docs/platforms.md is made of this table.
func platforms() []Platform {
	all := slices.Concat(services(), drives(), hosts())
	order.By(all, func(a, b Platform) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Words that rows have in common.
const (
	onCidata    = "/user-data on a drive with the label cidata"
	onConfig2   = "openstack/latest/user_data on a drive with the label config-2"
	byOpenStack = onConfig2 + ", or http://169.254.169.254/openstack/latest/user_data"
)

// services have the config on a server.
func services() []Platform {
	return []Platform{
		{ID: "akamai", Name: "Akamai Connected Cloud (Linode)", Network: NeedsNetwork,
			Source: "http://169.254.169.254/v1/user-data, with a token",
			config: metadata{path: "/v1/user-data", headers: []fetch.Header{header("Accept", "*/*")},
				decode: unpackLinode, token: &token{
					path: "/v1/token", ask: header("Metadata-Token-Expiry-Seconds", "300"),
					more: []fetch.Header{header("Accept", "text/plain")},
					send: "Metadata-Token", trim: true,
				}}.at(linkLocal, "http://[fd00:a9fe:a9fe::1]")},
		{ID: "aliyun", Name: "Alibaba Cloud", Network: NeedsNetwork,
			Source: "http://100.100.100.200/latest/user-data, with a token where there are any",
			config: metadata{path: "/latest/user-data", missing: true, token: &token{
				path: "/latest/api/token", ask: header("X-aliyun-ecs-metadata-token-ttl-seconds", "21600"),
				send:    "X-aliyun-ecs-metadata-token",
				without: []int{http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed},
			}}.at("http://100.100.100.200")},
		{ID: "aws", Name: "Amazon Web Services", Network: NeedsNetwork,
			Source: "http://169.254.169.254/2019-10-01/user-data, with a token where there are any",
			config: imds("/2019-10-01/user-data").at(linkLocal, amazonV6), region: awsRegion},
		{ID: "azure", Name: "Microsoft Azure", Network: NeedsNetwork,
			Source: "userData of the metadata service at 169.254.169.254, " +
				"or else CustomData.bin on the provisioning disc (UDF)",
			config: azure},
		{ID: "brightbox", Name: "Brightbox Cloud", Network: NeedsNetwork, Source: byOpenStack, config: openstack()},
		{ID: "cloudstack", Name: "Apache CloudStack", Network: NeedsNetwork,
			Source: "cloudstack/userdata/user_data.txt on a drive with the label config-2, " +
				"or http://SERVER/latest/user-data, where SERVER gives DHCP leases or is called data-server",
			config: cloudstack},
		{ID: "digitalocean",
			Name: "DigitalOcean", Network: NeedsNetwork, Source: "http://169.254.169.254/metadata/v1/user-data",
			config: metadata{path: "/metadata/v1/user-data"}.at(linkLocal)},
		{ID: "exoscale", Name: "Exoscale", Network: NeedsNetwork, Source: "http://169.254.169.254/1.0/user-data",
			config: metadata{path: "/1.0/user-data", missing: true}.at(linkLocal)},
		{ID: "gcp", Name: "Google Cloud", Network: NeedsNetwork,
			Source: "http://169.254.169.254/computeMetadata/v1/instance/attributes/user-data",
			config: metadata{path: "/computeMetadata/v1/instance/attributes/user-data", missing: true,
				headers: []fetch.Header{header("Metadata-Flavor", "Google")}}.
				at(linkLocal, "http://[fd20:ce::254]")},
		{ID: "hetzner",
			Name: "Hetzner Cloud", Network: NeedsNetwork, Source: "http://169.254.169.254/hetzner/v1/userdata",
			config: metadata{path: "/hetzner/v1/userdata", missing: true}.at(linkLocal, linkLocalV6)},
		{ID: "maas", Name: "MAAS", Network: NeedsNetwork, Source: "user-data of the server that the kernel argument " +
			"cloud-config-url leads to", config: maas, shared: true},
		{ID: "openstack", Name: "OpenStack", Network: NeedsNetwork, Source: byOpenStack, config: openstack()},
		{ID: "oraclecloud", Name: "Oracle Cloud Infrastructure", Network: NeedsNetwork,
			Source: "http://169.254.169.254/opc/v2/instance/metadata/user_data",
			config: metadata{path: "/opc/v2/instance/metadata/user_data",
				missing: true, retry: []int{http.StatusTooManyRequests},
				decode: standardBase64, headers: []fetch.Header{header("Authorization", "Bearer Oracle")}}.at(linkLocal,
				"http://[fd00:c1::a9fe:a9fe]")},
		{ID: "outscale", Name: "3DS Outscale", Network: NeedsNetwork, Source: "http://169.254.169.254/latest/user-data",
			config: metadata{path: "/latest/user-data", missing: true}.at(linkLocal), shared: true},
		{ID: "packet", Name: "Equinix Metal (Packet)", Network: NeedsNetwork, Source: packetHost + "/userdata",
			status: packetStatus,
			// Another Accept is answered with status 406.
			config: metadata{path: "/userdata", headers: []fetch.Header{header("Accept", "*/*")}}.at(packetHost)},
		{ID: "scaleway", Name: "Scaleway",
			Network: NeedsNetwork, Source: "http://169.254.42.42/user_data/cloud-init, asked from a port below 1024",
			config: metadata{path: "/user_data/cloud-init", missing: true, lowPort: true}.at("http://169.254.42.42",
				"http://[fd00:42::42]")},
		{ID: "stackit", Name: "STACKIT", Network: NeedsNetwork, Source: byOpenStack, config: openstack(), shared: true},
		{ID: "tencentcloud", Name: "Tencent Cloud", Network: NeedsNetwork,
			Source: "http://metadata.tencentyun.com/latest/user-data", config: metadata{path: "/latest/user-data",
				missing: true}.at("http://metadata.tencentyun.com"), shared: true},
		{ID: "upcloud", Name: "UpCloud", Network: NeedsNetwork, Source: "http://169.254.169.254/metadata/v1/user_data",
			config: metadata{path: "/metadata/v1/user_data", missing: true}.at(linkLocal)},
		{ID: "vultr", Name: "Vultr", Network: NeedsNetwork, Source: "http://169.254.169.254/user-data/user-data",
			config: metadata{path: "/user-data/user-data", missing: true}.at(linkLocal)},
	}
}

// drives have the config on a disk.
func drives() []Platform {
	return []Platform{
		{ID: "azurestack", Name: "Azure Stack", Network: NoNetwork, Source: "CustomData.bin on the provisioning disc " +
			"(UDF or ISO 9660)", config: ovfDisc(discWait, "udf", "iso9660")},
		{ID: "configdrive", Name: "a config drive alone", Network: NoNetwork, Source: onConfig2,
			config: configDrive(30 * time.Second).read, shared: true},
		{ID: "ibmcloud", Name: "IBM Cloud", Network: NoNetwork, Source: onCidata,
			config: drive{label: "cidata", files: []string{"/user-data"}, wait: 30 * time.Second, absent: true}.read},
		{ID: "ionoscloud", Name: "IONOS Cloud", Network: NoNetwork, Source: ionosFile + " on the root filesystem",
			config: ionoscloud, shared: true},
		{ID: "kubevirt", Name: "KubeVirt", Network: NoNetwork, Source: onCidata + ", or " + onConfig2,
			config: kubevirt},
		{ID: "nutanix", Name: "Nutanix AHV", Network: NoNetwork, Source: onConfig2, config: configDrive(0).read},
		{ID: "nocloud", Name: "NoCloud", Network: MayNeedNetwork,
			Source: "user-data of the seed that ds=nocloud;s=SEED names in the machine's serial number or on the " +
				"kernel command line, or else " + onCidata,
			Note:   "Capitals do not matter in its name, nor backslashes before semicolons.",
			config: nocloud, shared: true},
		{ID: "opennebula", Name: "OpenNebula", Network: NoNetwork,
			Source: "USER_DATA in context.sh on a drive with the label CONTEXT", config: opennebula, shared: true},
		{ID: "powervs", Name: "IBM Power Virtual Server", Network: NoNetwork, Source: onConfig2,
			config: configDrive(0).read},
		{ID: "proxmoxve", Name: "Proxmox VE", Network: NoNetwork, Source: "/user-data or /vendor-data " +
			"on a drive with the label cidata", Note: "A cloud-config is passed over.", config: drive{label: "cidata",
			files: []string{"/user-data", "/vendor-data"}, wait: 30 * time.Second, absent: true, pass: proxmox}.read},
	}
}

// hosts hand the config over by firmware, a device or a socket, or it is in the initramfs already.
func hosts() []Platform {
	return []Platform{
		{ID: "applehv", Name: "Apple Hypervisor", Network: NoNetwork, Source: "HTTP from the host on vsock port 1024",
			config: applehv},
		{ID: "file", Name: "a local file", Network: NoNetwork, Source: "the file that the environment variable " +
			"IGNITION_CONFIG_FILE names, or config.ign", config: fromFile},
		{ID: "hyperv", Name: "Microsoft Hyper-V",
			Network: NoNetwork, Source: "ignition.config of the host's key-value pairs, or ignition.config.0 and so on",
			Note: "All pairs become the files that hv_kvp_daemon would have made of them.", config: hyperv},
		{ID: "lxd", Name: "LXD and Incus", Network: NoNetwork, Source: "cloud-init.user-data or user.user-data of " +
			"the daemon's socket in the guest, or else " + onCidata, config: lxd, shared: true},
		{ID: "metal", Name: "bare metal", Network: NoNetwork,
			Source: "none but the kernel arguments ignition.config.url, or .device and .path", config: none},
		{ID: "nvidiabluefield", Name: "NVIDIA BlueField", Network: NoNetwork,
			Source: "the boot FIFO that the host pushes to", config: told("the boot FIFO", bluefield)},
		{ID: "qemu", Name: "QEMU", Network: NoNetwork, Source: "opt/com.coreos/config of QEMU's firmware " +
			"configuration; on s390x and ppc64le a disk with the serial ignition", config: qemu},
		{ID: "smartos", Name: "SmartOS and Triton", Network: NoNetwork, Source: "cloud-init:user-data of the " +
			"metadata on the second serial port, or in a zone's socket", config: smartos, shared: true},
		{ID: "systemd", Name: "systemd credentials", Network: NoNetwork, Source: "the system credential " + credential,
			Note: "Without systemd as the first process, QEMU's firmware configuration, " +
				"SMBIOS strings and the kernel command line are looked at.", config: systemd, shared: true},
		{ID: "virtualbox", Name: "Oracle VirtualBox", Network: NoNetwork, Source: "the guest property " + vboxConfig,
			config: told("a guest property", virtualbox), remove: forgetVirtualbox},
		{ID: "vmware", Name: "VMware", Network: NoNetwork, Source: guestData + ", or that property of the OVF " +
			"environment", Note: "On amd64 only.", config: told("the hypervisor", vmware), remove: forgetVMware},
		{ID: "zvm", Name: "IBM z/VM", Network: NoNetwork, Source: "the first file of type ign in the virtual " +
			"card reader", config: told("the virtual card reader", zvm)},
	}
}
