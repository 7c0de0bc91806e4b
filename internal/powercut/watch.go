//go:build linux && (amd64 || arm64)

package powercut

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Op is one operation on a file of the disk, or on its directory, that is about to happen.
type Op struct {
	N    int    // counts from 1
	Call string // "write", "msync", "rename" …
	Name string // of the file; "": the directory, or not known
}

// Fate is what becomes of an operation: nothing special, an error, or the end of power before it happens.
type Fate struct {
	Err unix.Errno
	Cut bool
}

// Watched is a program under watch.
type Watched struct {
	cmd   *exec.Cmd
	disk  *Disk
	rule  func(Op) Fate
	ops   int
	cut   bool
	ended chan error
}

// Watch starts cmd, which must call Yield, and asks rule before each operation on the disk. rule is called by one goroutine.
func Watch(cmd *exec.Cmd, disk *Disk, rule func(Op) Fate) (*Watched, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer ours.Close()
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Env = append(cmd.Environ(), "GODEBUG=asyncpreemptoff=1") // a signal would make a stopped call begin anew
	err = errors.Join(cmd.Start(), theirs.Close())
	if err != nil {
		return nil, err
	}
	listener, err := receive(ours)
	if err != nil {
		return nil, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	w := &Watched{cmd: cmd, disk: disk, rule: rule, ended: make(chan error, 1)}
	go func() { w.ended <- w.serve(listener) }()
	return w, nil
}

// receive takes over the right to stop the program.
func receive(from *os.File) (int, error) {
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(int(from.Fd()), make([]byte, 1), control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return 0, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) == 0 {
		return 0, errors.Join(errors.New("the program ended before it yielded"), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return 0, err
	}
	return fds[0], nil
}

// Wait waits for the program to end. It tells how many operations there were and whether the power was cut.
func (w *Watched) Wait() (ops int, cut bool, err error) {
	err = <-w.ended
	_ = w.cmd.Wait() // a program whose power was cut ends badly, and what another says is for its reader
	return w.ops, w.cut, err
}

// notice and answer are struct seccomp_notif and struct seccomp_notif_resp.
type notice struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type answer struct {
	id    uint64
	val   int64
	err   int32
	flags uint32
}

// serve answers until the program has ended.
func (w *Watched) serve(listener int) (err error) {
	defer func() { err = errors.Join(err, unix.Close(listener)) }()
	for {
		poll := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(poll, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		if poll[0].Revents&unix.POLLIN == 0 {
			if poll[0].Revents&unix.POLLHUP != 0 {
				return nil
			}
			continue
		}
		var n notice
		if err := ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)); err != nil {
			if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINTR) {
				continue // the caller was killed meanwhile
			}
			return err
		}
		if w.cut {
			continue // nothing happens any more
		}
		fate, err := w.decide(&n)
		if err != nil {
			return errors.Join(err, w.cmd.Process.Kill())
		}
		if fate.Cut {
			w.cut = true
			if err := w.cmd.Process.Kill(); err != nil {
				return err
			}
			continue
		}
		a := answer{id: n.id, err: -int32(fate.Err)}
		if fate.Err == 0 {
			a.flags = unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE
		}
		if err := ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&a)); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
}

func ioctl(fd int, request uint, p unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(p)); errno != 0 {
		return errno
	}
	return nil
}

// target is what an operation is about.
type target struct {
	ours  bool   // it concerns the disk
	inode uint64 // of the file; 0: the directory, or not known
	name  string
	path  string // by which the file can be opened
}

// decide asks the rule what becomes of a call, and keeps the books.
func (w *Watched) decide(n *notice) (Fate, error) {
	known := watched()
	call := known[slices.IndexFunc(known, func(c call) bool { return c.number == uint32(n.nr) })].name
	switch call {
	case "create", "unlink", "link", "rename":
		if err := w.disk.look(); err != nil {
			return Fate{}, err
		}
	}
	t, err := w.target(call, n)
	if err != nil || !t.ours {
		return Fate{}, err
	}
	w.ops++
	if fate := w.rule(Op{N: w.ops, Call: call, Name: t.name}); fate != (Fate{}) {
		return fate, nil
	}
	switch call {
	case "fsync", "fdatasync", "msync":
		if t.inode == 0 {
			return Fate{}, w.disk.syncDir()
		}
		if err := w.disk.look(); err != nil {
			return Fate{}, err
		}
		if w.disk.files[t.inode] == nil {
			return Fate{}, fmt.Errorf("%s of %s, which was never seen", call, t.path)
		}
		return Fate{}, w.disk.syncFile(t.inode)
	case "write", "pwrite":
		return Fate{}, w.wrote(call, n, t)
	}
	return Fate{}, nil
}

// target finds out what a call is about.
func (w *Watched) target(call string, n *notice) (target, error) {
	switch call {
	case "msync":
		return w.mapped(n)
	case "create":
		path, err := w.text(n.pid, n.args[1])
		if err != nil {
			return target{}, err
		}
		_, there := w.disk.names[filepath.Base(path)] // then nothing is made
		return target{ours: filepath.Dir(path) == w.disk.dir && !there, name: filepath.Base(path)}, nil
	case "unlink", "link", "rename", "truncate", "statfs":
		return target{ours: true}, nil
	}
	path := fmt.Sprintf("/proc/%d/fd/%d", n.pid, int32(n.args[0]))
	return w.at(path, path)
}

// at tells about the file behind a link of /proc.
func (w *Watched) at(link, path string) (target, error) {
	to, err := os.Readlink(link)
	if err != nil {
		return target{}, nil // the program itself will be told that there is no such file
	}
	to = strings.TrimSuffix(to, " (deleted)")
	switch {
	case to == w.disk.dir:
		return target{ours: true}, nil
	case filepath.Dir(to) != w.disk.dir:
		return target{}, nil
	}
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return target{}, err
	}
	return target{ours: true, inode: st.Ino, name: filepath.Base(to), path: path}, nil
}

// text reads a string of the program that ends with a zero byte.
func (w *Watched) text(pid uint32, at uint64) (string, error) {
	var all []byte
	for {
		data := make([]byte, 256-at%256) // never beyond the page of the last byte
		if err := memory(pid, at, data); err != nil {
			return "", err
		}
		if before, _, found := bytes.Cut(data, []byte{0}); found {
			return string(append(all, before...)), nil
		}
		all, at = append(all, data...), at+uint64(len(data))
	}
}

// memory reads bytes of the program.
func memory(pid uint32, at uint64, data []byte) error {
	local := []unix.Iovec{{Base: &data[0]}}
	local[0].SetLen(len(data))
	if _, err := unix.ProcessVMReadv(int(pid), local, []unix.RemoteIovec{{Base: uintptr(at), Len: len(data)}}, 0); err != nil {
		return fmt.Errorf("read the program's memory: %w", err)
	}
	return nil
}

// mapped finds the file that an msync is about.
func (w *Watched) mapped(n *notice) (target, error) {
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", n.pid))
	if err != nil {
		return target{}, err
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		fields := strings.Fields(lines.Text()) // from-to, permissions, offset, device, inode, path
		if len(fields) < 6 || !strings.HasPrefix(fields[5], w.disk.dir+"/") {
			continue
		}
		from, to, _ := strings.Cut(fields[0], "-")
		low, err1 := strconv.ParseUint(from, 16, 64)
		high, err2 := strconv.ParseUint(to, 16, 64)
		inode, err3 := strconv.ParseUint(fields[4], 10, 64)
		if err := errors.Join(err1, err2, err3); err != nil {
			return target{}, err
		}
		if low <= n.args[0] && n.args[0] < high {
			return target{ours: true, inode: inode, name: filepath.Base(fields[5]), path: fields[5]}, nil
		}
	}
	return target{}, nil
}

// wrote makes a write durable at once if the file was opened so.
func (w *Watched) wrote(call string, n *notice, t target) error {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", n.pid, int32(n.args[0])))
	if err != nil {
		return err
	}
	var at, flags int64
	if _, err := fmt.Sscanf(string(text), "pos: %d\nflags: %o", &at, &flags); err != nil {
		return fmt.Errorf("fdinfo: %w", err)
	}
	if flags&unix.O_DSYNC == 0 {
		return nil
	}
	if call == "pwrite" {
		at = int64(n.args[3])
	}
	data := make([]byte, n.args[2])
	if len(data) == 0 {
		return nil
	}
	if err := memory(n.pid, n.args[1], data); err != nil {
		return err
	}
	if err := w.disk.look(); err != nil {
		return err
	}
	w.disk.files[t.inode].wrote(at, data)
	w.disk.syncBirth(t.inode)
	return nil
}
