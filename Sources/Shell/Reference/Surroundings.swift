/// What both manuals tell of the world around the program: no declaration has it.
enum Surroundings {
    static let options: KeyValuePairs = [
        "-h, --help": "Show help information, of a command after its name.",
        "--version": "Show the version.",
        "--generate-completion-script SHELL":
            "Print the script by which a shell completes: bash, zsh or fish.",
    ]

    static let statuses: KeyValuePairs = [
        "0": "The script came to its end.",
        "1":
            "A Lua error, told of on standard error; for doctor: the demo cannot run here; for clean: something could "
            + "not be taken away; for help: there is none on the name.",
        "64": "Wrong usage.",
        "128+N": "Signal N ended it.",
        "any other": "What the script gave to os.exit, or the program's that it became.",
    ]

    static let variables: KeyValuePairs = [
        "NO_COLOR": "Where it is set and not empty, nothing is printed in colour.",
        "XDG_STATE_HOME": "Below it the prompt keeps its history; ~/.local/state where it is not set.",
        "XDG_CACHE_HOME":
            "Below it filters of system calls are kept once compiled; /var/cache for root and ~/.cache for others "
            + "where it is not set.",
        "XDG_RUNTIME_DIR":
            "Below it runs that are not root's note what they make; /run/user/UID where it is not set.",
        "HOME": "Where the directories above are that are not set, and ~/.editrc.",
        "PATH": "Where programs are looked for that a script names without a slash.",
        "TERM": "The kind of terminal, for editing lines.",
    ]

    /// What is not as the manual of Lua 5.4 has it, by design.
    static let differences: KeyValuePairs = [
        "os.exit":
            "Releases what was made. Its second argument has no effect: neither __close nor __gc is called.",
        "__gc":
            "Finalizers run while the script does. At its end the kernel takes the memory back, and none is called.",
        "out of memory":
            "Ends the script with status 134 once what it made is released; Lua's own raises an error that can be caught.",
        "require, package.loadlib": "Take modules in Lua only: one in C is found, and refused.",
        "os.execute, io.popen":
            "A signal that stops the script also ends the wait, and the program gets none of the descriptors.",
        "signals":
            "Raise an error in the running function, which may catch it to tidy up, once or twice; a call of Lua's own "
            + "library that lasts longer than a second is not waited for, nor is a finalizer, except after Ctrl-C.",
        "tables as arguments": "Primitives read them raw, and refuse those whose metatable has __index.",
    ]

    static let files: KeyValuePairs = [
        "$XDG_STATE_HOME/tupper/history, ~/.local/state/tupper/history": "The lines typed at the prompt.",
        "/run/tupper, $XDG_RUNTIME_DIR/tupper":
            "A file a run, of what it has made on this machine; tupper clean reads those of runs that were killed.",
        "$XDG_CACHE_HOME/tupper, /var/cache/tupper, ~/.cache/tupper": "Compiled filters of system calls.",
        "~/.editrc": "Keys for editing lines: editrc(5).",
        "/etc/subuid, /etc/subgid": "The users and groups that users = \"auto\" maps: subuid(5).",
    ]
}
