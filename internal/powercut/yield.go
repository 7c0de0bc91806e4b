//go:build linux && (amd64 || arm64)

package powercut

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// handover is the descriptor on which a watched program hands over the right to stop it.
const handover = 3

// call is a system call that stops at the door.
type call struct {
	number uint32
	name   string
}

// watched are those that change files or names, those that make them durable, reads, and the one that asks how much room is
// left.
func watched() []call {
	return []call{
		{unix.SYS_WRITE, "write"}, {unix.SYS_PWRITE64, "pwrite"}, {unix.SYS_WRITEV, "writev"}, {unix.SYS_PWRITEV, "pwritev"},
		{unix.SYS_FTRUNCATE, "ftruncate"}, {unix.SYS_TRUNCATE, "truncate"}, {unix.SYS_FALLOCATE, "fallocate"},
		{unix.SYS_OPENAT, "create"}, {unix.SYS_UNLINKAT, "unlink"}, {unix.SYS_LINKAT, "link"},
		{unix.SYS_RENAMEAT, "rename"}, {unix.SYS_RENAMEAT2, "rename"},
		{unix.SYS_FSYNC, "fsync"}, {unix.SYS_FDATASYNC, "fdatasync"}, {unix.SYS_MSYNC, "msync"},
		{unix.SYS_READ, "read"}, {unix.SYS_PREAD64, "pread"},
		{unix.SYS_STATFS, "statfs"},
	}
}

// Yield puts the calling process under the rule of Watch, for good. It must be called before any file is touched, and only
// in a program that Watch has started.
func Yield() error {
	arch := map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}[runtime.GOARCH]
	program := filter(arch)
	runtime.LockOSThread() // both calls must come from one thread; the second takes all others along
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	listener, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_TSYNC|unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH,
		uintptr(unsafe.Pointer(&fprog)))
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	if err := unix.Sendmsg(handover, []byte{0}, unix.UnixRights(int(listener)), nil, 0); err != nil {
		return fmt.Errorf("hand over: %w", err)
	}
	if err := unix.Close(int(listener)); err != nil {
		return err
	}
	return os.NewFile(handover, "handover").Close()
}

// filter stops watched calls and lets all others pass, as do reads and writes of the first descriptors and opens that can't
// make a file.
func filter(arch uint32) []unix.SockFilter {
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		more  = unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K
		bits  = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
		end   = unix.BPF_RET | unix.BPF_K

		number, machine        = 0, 4 // offsets in struct seccomp_data
		argument0, step        = 16, 8
		openFlags              = argument0 + 2*step
		stop, pass      uint32 = unix.SECCOMP_RET_USER_NOTIF, unix.SECCOMP_RET_ALLOW
	)
	p := []unix.SockFilter{
		{Code: load, K: machine},
		{Code: equal, K: arch, Jt: 1},
		{Code: end, K: pass},
		{Code: load, K: number},
	}
	for _, c := range watched() {
		switch c.name {
		case "create":
			p = append(p,
				unix.SockFilter{Code: equal, K: c.number, Jf: 4},
				unix.SockFilter{Code: load, K: openFlags},
				unix.SockFilter{Code: bits, K: unix.O_CREAT, Jf: 1},
				unix.SockFilter{Code: end, K: stop},
				unix.SockFilter{Code: end, K: pass})
		case "read", "write":
			p = append(p,
				unix.SockFilter{Code: equal, K: c.number, Jf: 4},
				unix.SockFilter{Code: load, K: argument0},
				unix.SockFilter{Code: more, K: 2, Jf: 1},
				unix.SockFilter{Code: end, K: stop},
				unix.SockFilter{Code: end, K: pass})
		default:
			p = append(p, unix.SockFilter{Code: equal, K: c.number, Jf: 1}, unix.SockFilter{Code: end, K: stop})
		}
	}
	return append(p, unix.SockFilter{Code: end, K: pass})
}
