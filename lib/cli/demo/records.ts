/**
 * Accounting records as sites really produce them, for the demonstration.
 *
 * @module
 */

/** One file to be sent. */
export interface DemoFile {
  readonly kind: string;
  readonly bytes: Uint8Array;
}

/** Ten text messages in the formats of APEL, cASO and StAR, and one binary file. */
export function demoFiles(): DemoFile[] {
  const text = (kind: string, content: string): DemoFile => ({
    kind,
    bytes: new TextEncoder().encode(content),
  });
  return [
    text("APEL individual jobs", individualJobs("ce01.site-a.example", 25)),
    text("APEL individual jobs", individualJobs("ce02.site-a.example", 40)),
    text("APEL summary", summaries("atlas", 10)),
    text("APEL summary", summaries("cms", 11)),
    text("APEL normalised summary", normalisedSummaries("lhcb")),
    text("APEL normalised summary", normalisedSummaries("biomed")),
    text("APEL sync", syncMessage()),
    text("APEL cloud", cloudRecords()),
    text("OpenStack usage (JSON)", usageRecords()),
    text("StAR storage (XML, UTF-8)", storageRecord()),
    { kind: "binary, every byte value", bytes: binaryFile() },
  ];
}

function message(header: string, records: Record<string, string | number>[]) {
  const blocks = records.map((record) =>
    Object.entries(record).map(([key, value]) => `${key}: ${value}\n`).join("")
  );
  return `${header}\n${blocks.join("%%\n")}%%\n`;
}

function individualJobs(machine: string, count: number): string {
  const start = 1_795_000_000;
  return message(
    "APEL-individual-job-message: v0.3",
    Array.from({ length: count }, (_, i) => ({
      Site: "SITE-A",
      SubmitHost: `${machine}:8443/cream-slurm-grid`,
      MachineName: machine,
      Queue: "grid",
      LocalJobId: 880_000 + i,
      LocalUserId: `atlas${String(i % 7).padStart(3, "0")}`,
      GlobalUserName:
        `/DC=org/DC=example/C=UK/O=University of Somewhere/CN=user ${i % 7}`,
      FQAN: "/atlas/Role=production/Capability=NULL",
      WallDuration: 3600 + 17 * i,
      CpuDuration: 3400 + 16 * i,
      Processors: 8,
      NodeCount: 1,
      StartTime: start + 60 * i,
      EndTime: start + 60 * i + 3600 + 17 * i,
      InfrastructureDescription: "APEL-CREAM-SLURM",
      InfrastructureType: "grid",
      MemoryReal: 2_031_616 + i,
      MemoryVirtual: 4_063_232 + i,
      ServiceLevelType: "HEPscore23",
      ServiceLevel: "12.5",
    })),
  );
}

function summaries(vo: string, month: number): string {
  return message("APEL-summary-job-message: v0.2", [{
    Site: "SITE-A",
    Month: month,
    Year: 2026,
    GlobalUserName: "/DC=org/DC=example/C=UK/O=University/CN=robot: pilot",
    VO: vo,
    VOGroup: `/${vo}`,
    VORole: "Role=pilot",
    SubmitHost: "ce01.site-a.example:8443/cream-slurm-grid",
    InfrastructureType: "grid",
    ServiceLevelType: "HEPscore23",
    ServiceLevel: "12.5",
    NodeCount: 1,
    Processors: 8,
    EarliestEndTime: 1_793_500_000,
    LatestEndTime: 1_795_900_000,
    WallDuration: 98_765_432,
    CpuDuration: 91_234_567,
    NumberOfJobs: 27_431,
  }]);
}

function normalisedSummaries(vo: string): string {
  return message("APEL-normalised-summary-message: v0.4", [{
    Site: "SITE-A",
    Month: 11,
    Year: 2026,
    VO: vo,
    SubmitHost: "ce02.site-a.example:9619/htcondor",
    Infrastructure: "grid",
    NodeCount: 1,
    Processors: 1,
    WallDuration: 1_234_567,
    CpuDuration: 1_200_000,
    NormalisedWallDuration: "{HEPscore23: 15432087}",
    NormalisedCpuDuration: "{HEPscore23: 15000000}",
    NumberOfJobs: 412,
  }]);
}

function syncMessage(): string {
  return message(
    "APEL-sync-message: v0.1",
    [9, 10, 11].map((month) => ({
      Site: "SITE-A",
      SubmitHost: "ce01.site-a.example:8443/cream-slurm-grid",
      NumberOfJobs: 25_000 + month,
      Month: month,
      Year: 2026,
    })),
  );
}

function cloudRecords(): string {
  return message(
    "APEL-cloud-message: v0.4",
    Array.from({ length: 8 }, (_, i) => ({
      VMUUID: `6f0e2c1a-7d35-4e1b-9a52-00000000${String(i).padStart(4, "0")}`,
      SiteName: "SITE-A-CLOUD",
      CloudComputeService: "openstack.site-a.example",
      MachineName: `worker-${i}`,
      LocalUserId: "4c2f7e",
      FQAN: "/eosc.example/Role=NULL",
      Status: i % 3 ? "completed" : "started",
      StartTime: 1_795_000_000 + i,
      SuspendDuration: 0,
      WallDuration: 86_400,
      CpuDuration: 80_123,
      CpuCount: 4,
      NetworkInbound: 2,
      NetworkOutbound: 1,
      Memory: 8192,
      Disk: 40,
      CloudType: "OpenStack",
    })),
  );
}

function usageRecords(): string {
  const records = Array.from({ length: 5 }, (_, i) => ({
    SiteName: "SITE-A-CLOUD",
    Name: i === 2 ? "Analyse für José" : `vm-${i}`,
    VMUUID: crypto.randomUUID(),
    Status: "completed",
    WallDuration: 7200,
    CpuCount: 2,
  }));
  return JSON.stringify(
    { Type: "APEL Public IP message", Version: "0.2", UsageRecords: records },
    null,
    2,
  );
}

function storageRecord(): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<sr:StorageUsageRecords xmlns:sr="http://eu-emi.eu/namespaces/2011/02/storagerecord">
  <sr:StorageUsageRecord>
    <sr:RecordIdentity sr:createTime="2026-11-20T09:30:42Z" sr:recordId="srm.example/1"/>
    <sr:StorageSystem>srm.site-a.example</sr:StorageSystem>
    <sr:Site>Universidad de Málaga</sr:Site>
    <sr:SubjectIdentity><sr:Group>atlas</sr:Group></sr:SubjectIdentity>
    <sr:ResourceCapacityUsed>1843200000000</sr:ResourceCapacityUsed>
  </sr:StorageUsageRecord>
</sr:StorageUsageRecords>
`;
}

function binaryFile(): Uint8Array {
  const random = crypto.getRandomValues(new Uint8Array(4096));
  // Every value once, and what text handling likes to mangle.
  for (let i = 0; i < 256; i++) random[i] = i;
  random.set([0, 13, 10, 13, 13, 10, 46, 10, 26, 32, 10], 256);
  return random;
}
