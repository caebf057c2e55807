import TestSupport
import Testing

/// Runs that are killed, in labs of bash: see Killed/lab.sh.
@Suite("tupper clean", .serialized)
struct CleaningTests {
    private func lab(_ script: String) throws -> Tupper.Outcome {
        let start =
            "tupper=$2; repository=$1; . $repository/Tests/LabTests/Killed/lab.sh; state >/mnt/before\n"
        return try Tupper.runLab(
            ["unshare", "-n", "-m", "bash", "-c", start + script, "lab", Tupper.repository.path], [])
    }

    /// Runs a script of Killed again and again, killed before ever later calls of its own, until it comes to its end.
    private func killed(_ script: String, before calls: String, step: Int) throws {
        let outcome = try lab(
            """
            calls=\(calls)
            n=1
            while :; do
              strace -qq -o /dev/null -e trace=$calls -e inject=$calls:signal=KILL:when=$n \\
                $tupper script $repository/Tests/LabTests/Killed/\(script) $name 2>/mnt/errors
              status=$?
              [ $status = 137 ] || break
              check "call $n"
              n=$((n + \(step)))
            done 2>/dev/null
            check "the run's own end"
            echo "killed $((n / \(step))) times, status $status"; cat /mnt/errors
            """)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(
            outcome.output.wholeMatch(of: /killed [1-9][0-9] times, status 0\n/) != nil, "\(outcome.output)")
    }

    @Test("a run that is killed before any of its system calls leaves nothing that clean does not take away")
    func everyCall() throws {
        try killed(
            "everything.lua", before: "mkdirat,write,sendto,move_mount,clone3,unlinkat,umount2", step: 2)
    }

    @Test("sandboxes whose maker is killed before any of its system calls end, and clean takes away the rest")
    func sandboxes() throws {
        try killed(
            "sandbox.lua", before: "mkdir,mkdirat,openat,write,clone3,clone,close,poll,unlinkat,rmdir",
            step: 11)
    }

    @Test("the demo killed at any chapter leaves nothing that clean does not take away")
    func demo() throws {
        let outcome = try lab(
            """
            demo=$repository/scripts/demo.lua
            chapters=$(grep -c '^ *chapter "' $demo); n=1
            while [ $n -le $chapters ]; do
              stdbuf -oL $tupper script $demo </dev/null >/mnt/output 2>&1 & run=$!
              until [ $(grep -c '^== ' /mnt/output) -ge $n ]; do kill -0 $run 2>/dev/null || break; done
              kill -9 $run; wait $run
              check "chapter $n"
              n=$((n + 1))
            done 2>/dev/null
            echo "killed in $chapters chapters"
            """)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.wholeMatch(of: /killed in 1[0-9] chapters\n/) != nil, "\(outcome.output)")
    }

    @Test("what was kept stays, and so does all of a run that lives, also one that became a program")
    func kept() throws {
        let outcome = try lab(
            """
            cat >/mnt/kept.lua <<'LUA'
            fs.mkdir "/mnt/kept"
            fs.tmpfs("/mnt/kept"):keep()
            net.bridge "kept0":keep()
            cgroup.create(arg[1], { pids = 5 }):keep()
            net.bridge "left0"
            proc.kill(proc.self(), "KILL")
            LUA
            $tupper script /mnt/kept.lua $name
            cat >/mnt/lives.lua <<'LUA'
            net.bridge(arg[1])
            if arg[2] then proc.exec { "sleep", "60" } else sys.sleep(60) end
            LUA
            $tupper script /mnt/lives.lua lives0 & one=$!
            $tupper script /mnt/lives.lua lives1 program & two=$!
            until ip link show lives0 && ip link show lives1 && [ "$(cat /proc/$two/comm)" = sleep ]; do sleep 0.1; done >/dev/null 2>&1
            $tupper clean --dry-run
            $tupper clean --json | sed 's/"run":[0-9]*/"run":N/'
            $tupper clean
            ls /sys/class/net >/dev/null; ip -o link | cut -d: -f2 | sort | tr -d '\\n'; echo
            grep -c ' /mnt/kept ' /proc/self/mountinfo
            kill -9 $one $two; wait $one $two
            $tupper clean
            umount /mnt/kept; ip link delete kept0; echo 'cgroup.find(arg[1]):delete()' | $tupper script - $name
            check "all"
            """)
        let expected = """
            would remove link left0
            {"thing":"link left0","run":N,"outcome":"removed"}
             kept0 lives0 lives1 lo
            1
            removed link lives0
            removed link lives1

            """
        #expect(
            outcome.status == 0
                && outcome.output.split(separator: "\n").sorted() == expected.split(separator: "\n").sorted(),
            "\(outcome.output)\(outcome.errors)")
    }

    @Test("what was kept is found again and taken away, by a run of its own or by clean")
    func keptAgain() throws {
        let outcome = try lab(
            """
            cat >/mnt/kept.lua <<'LUA'
            fs.mkdir "/mnt/kept"
            fs.tmpfs("/mnt/kept"):keep()
            net.bridge("kept0"):keep():address "10.1.1.1/24"
            net.link("lo"):address "10.2.2.2/32":keep()
            net.route { to = "10.3.0.0/16", device = "lo" }:keep()
            cgroup.create(arg[1], { pids = 5 }):keep()
            net.forwarding(true):keep()
            net.publish { port = 8080, to = "10.1.1.2:80" }:keep()
            net.bridge "gone0":keep():delete()
            for _, entry in ipairs(sys.kept()) do assert(entry.run == proc.self() and entry.thing ~= "link gone0") end
            net.bridge "left0"
            if arg[2] then proc.kill(proc.self(), "KILL") end
            LUA
            $tupper script /mnt/kept.lua $name
            cat >/mnt/other.lua <<'LUA'
            net.masquerade { source = "10.0.0.0/8" }
            sys.remove_kept "link kept0"
            print(select(2, pcall(sys.remove_kept, "link kept0")))
            for _, entry in ipairs(sys.kept()) do print((entry.thing:gsub("%d+_%d+_.*", "N"))) end
            LUA
            $tupper script /mnt/other.lua | grep -v group
            $tupper clean
            $tupper clean --kept --dry-run --json | grep -c '"outcome":"would remove","kept":true'
            $tupper clean --kept >/dev/null; rmdir /mnt/kept; check "a run's end"
            $tupper script /mnt/kept.lua $name killed
            $tupper clean --kept | grep -c 'removed kept'; rmdir /mnt/kept; check "a killed run"
            echo 'net.bridge("own0"):keep() sys.remove_kept "link own0" print(#net.links())' | $tupper script -
            ls /run/tupper
            echo 'net.bridge("live0"):keep() io.read()' >/mnt/lives.lua
            mkfifo /mnt/end; exec 9<>/mnt/end
            $tupper script /mnt/lives.lua </mnt/end & until ip link show live0 >/dev/null 2>&1; do sleep 0.1; done
            $tupper clean; $tupper clean --kept; echo >&9; wait; check "a run that lives"
            """)
        let text = outcome.output
        #expect(
            outcome.status == 0
                && text.hasPrefix(
                    """
                    sys.remove_kept: nothing of that name is kept: "link kept0"
                    firewall table tupper_N
                    kernel parameter net/ipv4/ip_forward (it was 0)
                    route to 10.3.0.0/16
                    address 10.2.2.2/32 of link number 1
                    mount /mnt/kept

                    """)
                && text.hasSuffix("1\nremoved kept link live0\n"), "\(text)\(outcome.errors)")
    }

    @Test("what may be somebody else's by now is left alone, and a journal that is damaged harms nobody")
    func careful() throws {
        let outcome = try lab(
            """
            mkdir -m 700 /run/tupper; boot=$(cat /proc/sys/kernel/random/boot_id)
            cat >/mnt/probe.lua <<'LUA'
            net.bridge "probe0"
            local mount = fs.tmpfs "/mnt/bound"
            for _, file in ipairs(fs.list "/run/tupper") do
                local journal = fs.read("/run/tupper/" .. file)
                print(journal:match "link (%d+) probe0", journal:match("mount " .. mount.id .. " %d+ (%d+)"))
            end
            LUA
            read cookie namespace < <($tupper script /mnt/probe.lua)
            ip link add mine0 type bridge; ip link set mine0 up; ip link add mine1 type bridge
            index=$(cat /sys/class/net/lo/ifindex)
            mkdir /mnt/mine; mount -t tmpfs mine /mnt/mine
            identifier=$(grep ' /mnt/mine ' /proc/self/mountinfo | cut -d' ' -f1)
            cat >/run/tupper/1-1 <<JOURNAL
            tupper 1 1 $boot
            +1 link $cookie mine0 bridge
            +2 link $cookie mine1 bridge
            =2 9999
            +3 mount $identifier 1 $namespace /mnt/mine
            +11 mount $identifier 1 $(stat -Lc %i /proc/self/ns/mnt) /mnt/mine
            +12 mount $identifier 0 $namespace /mnt/mine
            +4 link 1 mine0 bridge
            +5 group /etc
            +6 group /sys/fs/cgroup/../../../etc
            +7 address $cookie 1 127.0.0.1/8
            +8 parameter $cookie ../../etc/passwd 1 2
            nonsense % %zz
            +9
            +x link
            +10 link $cookie mine0
            JOURNAL
            printf '\\\\000\\\\377 +++' >/run/tupper/1-2
            mkfifo /run/tupper/1-3; mkdir /run/tupper/1-4; ln -s /etc/passwd /run/tupper/1-5
            timeout 20 $tupper clean; echo status $?
            ip -o link | cut -d: -f2 | sort | tr -d '\\n'; echo; grep -c ' /mnt/mine ' /proc/self/mountinfo
            # A kernel that has no number for a mount that no other mount has: the shell was here before the run.
            printf 'tupper 1 1 %s\\n+1 mount %s 0 %s /mnt/mine\\n' $boot $identifier $namespace >/run/tupper/1-9999999999999999
            $tupper clean; grep -c ' /mnt/mine ' /proc/self/mountinfo
            chmod 777 /run/tupper; $tupper clean; echo status $?
            """)
        #expect(
            outcome.output.contains("left link mine0: it is in use"), "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains(" lo mine0 mine1\n1\n"), "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("left address 127.0.0.1/8"))
        #expect(outcome.output.contains("left mount /mnt/mine: its mount namespace may be somebody else's"))
        #expect(outcome.output.components(separatedBy: "removed").count == 2)
        #expect(outcome.output.contains("removed mount /mnt/mine\n0\n"), "\(outcome.output)")
        #expect(outcome.output.hasSuffix("status 1\n") && outcome.errors.contains("somebody else owns it"))
    }
}
