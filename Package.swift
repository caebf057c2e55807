// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is fenced alike: unsafe code is marked, a C type cannot slip into a public
/// signature, and a warning is an error.
let fences: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    // Types are then named by code rather than looked up by their mangled names when the program starts, which takes
    // longer than all else that a short script does.
    .unsafeFlags(["-Xfrontend", "-disable-concrete-type-metadata-mangled-name-accessors"]),
    // Sections of their own let the linker put the functions of a start side by side.
    .unsafeFlags(
        ["-cross-module-optimization", "-enforce-exclusivity=unchecked", "-Xfrontend", "-function-sections"],
        .when(configuration: .release)),
]

/// The same for C.
let sections: [CSetting] = [.unsafeFlags(["-ffunction-sections"], .when(configuration: .release))]

let package = Package(
    name: "tupper",
    products: [
        .executable(name: "tupper", targets: ["tupper"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
    ],
    targets: [
        // Floor 0: C.
        .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
        .target(name: "CArchive", linkerSettings: [.linkedLibrary("archive")]),
        .systemLibrary(name: "CEdit", providers: [.apt(["libedit-dev"])]),
        .target(
            name: "CKernel", cSettings: sections,
            linkerSettings: [
                // start.c says what for.
                .unsafeFlags(
                    [
                        "fopen", "sysconf", "swift_copyAuxiliaryExecutablePath",
                        "_swift_stdlib_getUnsafeArgvArgc",
                    ].flatMap { ["-Xlinker", "--wrap=\($0)"] }, .when(configuration: .release))
            ]),
        .target(name: "CLuaBridge", dependencies: ["CLua"], cSettings: sections),
        .target(
            name: "CSeccomp", cSettings: [.unsafeFlags(["-std=c23"])],
            linkerSettings: [.linkedLibrary("seccomp")]),
        .target(name: "CStdlib", cSettings: [.unsafeFlags(["-std=c23"])]),
        // Floor 1: libraries that do not know of one another.
        .target(
            name: "Kernel",
            dependencies: ["CKernel"],
            swiftSettings: fences),
        .target(name: "LuaHost", dependencies: ["CLua", "CLuaBridge"], swiftSettings: fences),
        .target(
            name: "Archive",
            dependencies: ["CArchive", "Kernel"],
            swiftSettings: fences,
            linkerSettings: ["acl", "lzma", "zstd", "lz4", "bz2", "z"].map { .linkedLibrary($0) }),
        .target(
            name: "LineEditor",
            dependencies: ["CEdit", "Kernel"],
            swiftSettings: fences,
            linkerSettings: ["tinfo", "bsd", "md"].map { .linkedLibrary($0) }),
        .target(
            name: "Seccomp",
            dependencies: ["CSeccomp", "Kernel"],
            swiftSettings: fences),
        // Floor 2: the bindings.
        .target(
            name: "Primitives",
            dependencies: [
                "Kernel", "LuaHost", "Archive", "Seccomp",
            ],
            swiftSettings: fences),
        // Floors 3 and 4: the shell and its command line.
        .target(
            name: "Shell", dependencies: ["Primitives", "LuaHost", "LineEditor", "CStdlib"],
            swiftSettings: fences),
        .executableTarget(
            name: "tupper",
            dependencies: [
                "Shell", .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["layout.ld", "order.txt"],
            swiftSettings: fences,
            // scripts/order writes the list; a name that is there no more does no harm.
            linkerSettings: [
                .unsafeFlags(
                    [
                        "-use-ld=lld", "-Xlinker", "--no-warn-symbol-ordering", "-Xlinker",
                        "--symbol-ordering-file=\(Context.packageDirectory)/Sources/tupper/order.txt",
                        "-Xlinker", "-T", "-Xlinker",
                        "\(Context.packageDirectory)/Sources/tupper/layout.ld",
                    ], .when(configuration: .release))
            ]),
        // Tests.
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .testTarget(name: "KernelTests", dependencies: ["Kernel"]),
        .testTarget(name: "LineEditorTests", dependencies: ["LineEditor"]),
        .testTarget(name: "SeccompTests", dependencies: ["Seccomp"]),
        .testTarget(name: "LuaHostTests", dependencies: ["LuaHost"]),
        .testTarget(
            name: "ShellTests", dependencies: ["TestSupport", "LuaHost", "Primitives", "Shell", "tupper"],
            exclude: ["examples.lua", "Snapshots"]),
        .testTarget(
            name: "LabTests", dependencies: ["TestSupport", "LuaHost", "Primitives", "tupper"],
            exclude: ["Killed", "Machine", "Rootless", "Scripts"]),
    ],
    swiftLanguageModes: [.v6]
)
