package block

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// uuidWords are what the makers of filesystems take beside a UUID (mke2fs(8), mkswap(8)); mkfs.btrfs makes one up for
// none.
var uuidWords = map[string][]string{
	"btrfs": {""},
	"ext4":  {"clear", "random", "time"},
	"swap":  {"clear", "random", "time"},
	"xfs":   nil,
}

// TakesUUID tells whether a filesystem of some format, or a volume "crypto_LUKS", can be made with a UUID. Of other
// formats nothing is known.
func TakesUUID(format, uuid string) bool {
	words, known := uuidWords[format]
	switch {
	case format == "vfat":
		_, err := fatNumber(uuid)
		return err == nil
	case !known && format != "crypto_LUKS":
		return true
	}
	_, err := ParseGUID(uuid)
	return err == nil || slices.Contains(words, strings.ToLower(uuid))
}

// MayLackUUID tells whether what is asked for is a filesystem without a UUID, and some are: those of zeros. A vfat has
// its number always.
func MayLackUUID(format, uuid string) bool { return uuid == "" && format != "vfat" }

// BareUUID is what makers take: lower case, and the number of a vfat in eight digits without its dash.
func BareUUID(format, uuid string) string {
	uuid = strings.ToLower(uuid)
	if format != "vfat" {
		return uuid
	}
	if number, err := fatNumber(uuid); err == nil {
		return fmt.Sprintf("%08x", number)
	}
	return withoutDash(uuid)
}

// SeenUUID is what is compared: a UUID of zeros is none, as libblkid has it of all but a vfat.
func SeenUUID(format, uuid string) string {
	bare := BareUUID(format, uuid)
	if format != "vfat" && bare == strings.ToLower(GUID{}.String()) {
		return ""
	}
	return bare
}

// fatNumber reads a volume ID as mkfs.fat(8) does: a hexadecimal number of 32 bits. The dash is how others show it.
func fatNumber(uuid string) (uint64, error) {
	return strconv.ParseUint(strings.TrimPrefix(withoutDash(strings.ToLower(uuid)), "0x"), 16, 32)
}

func withoutDash(uuid string) string {
	if len(uuid) > 4 && uuid[4] == '-' {
		return uuid[:4] + uuid[5:]
	}
	return uuid
}

// LinkName writes a label as the name of a link below /dev/disk: what is neither a plain letter nor UTF-8 is \x and its
// number (ID_FS_LABEL_ENC of udev's blkid; libblkid, blkid_encode_string).
func LinkName(label string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(label, "\uFFFD") {
		switch {
		case r >= 0x80, r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z',
			strings.ContainsRune("#+-.:=@_", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\x%02x`, r)
		}
	}
	return b.String()
}

// PartitionLinks are udev's links to a partition of some label and GUID; "" for none.
func PartitionLinks(label, guid string) (links []string) {
	if label != "" {
		links = append(links, "/dev/disk/by-partlabel/"+LinkName(label))
	}
	if guid != "" {
		links = append(links, "/dev/disk/by-partuuid/"+strings.ToLower(guid))
	}
	return links
}

// PartLinks are the links to a partition that udev makes from those to its disk.
func PartLinks(disk []string, number int) (names []string) {
	for _, link := range disk {
		if strings.HasPrefix(link, "/dev/disk/by-") {
			names = append(names, link+"-part"+strconv.Itoa(number))
		}
	}
	return names
}

// ContentLinks are udev's links to a device by the label and UUID of what is on it; "" for none.
func ContentLinks(label, uuid string) (links []string) {
	if label != "" {
		links = append(links, "/dev/disk/by-label/"+LinkName(label))
	}
	if uuid != "" {
		links = append(links, "/dev/disk/by-uuid/"+LinkName(uuid))
	}
	return links
}

const byID = "/dev/disk/by-id/"

// MapperPath is where the device mapper has a volume of some name.
func MapperPath(name string) string { return "/dev/mapper/" + name }

// VolumeNames are those of an encrypted volume that is open: where it is, and udev's links to it; "" for no UUID.
func VolumeNames(name, uuid string) []string {
	all := []string{MapperPath(name), byID + "dm-name-" + name}
	if uuid != "" {
		all = append(all, byID+"dm-uuid-CRYPT-LUKS2-"+strings.ToLower(strings.ReplaceAll(uuid, "-", ""))+"-"+name)
	}
	return all
}

// ArrayLinks are udev's links to an array by the names and the UUID of its superblocks (63-md-raid-arrays.rules).
func ArrayLinks(names []string, uuid string) (links []string) {
	for _, name := range names {
		links = append(links, byID+"md-name-"+name)
	}
	digits := strings.Map(func(r rune) rune {
		if r == '-' || r == ':' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(uuid))
	if len(digits) == 32 {
		links = append(links, byID+"md-uuid-"+digits[:8]+":"+digits[8:16]+":"+digits[16:24]+":"+digits[24:])
	}
	return links
}
