"""What a deployed Glue crawler is told to do.

Sources: AWS Glue API, Crawler; AWS Glue Developer Guide, "Customizing crawler behavior".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NEW_FOLDERS = "CRAWL_NEW_FOLDERS_ONLY"
RECRAWLS = {"CRAWL_EVERYTHING", NEW_FOLDERS}


class CrawlError(Exception):
    """The crawl failed; the text says why, and what to do next."""


@dataclass(frozen=True)
class Settings:
    """A crawler's settings, its defaults filled in. Configuration goes before SchemaChangePolicy, as AWS' log says."""

    name: str
    role_arn: str
    database: str
    targets: tuple[str, ...]  # s3://bucket/prefix/, always with the slash at its end
    table_prefix: str
    recrawl: str
    update: str
    delete: str
    combine_compatible: bool
    table_level: int | None  # 1 is the bucket
    partitions_inherit: bool
    merge_new_columns: bool
    partition_index: bool

    @classmethod
    def of(cls, crawler: Mapping[str, Any]) -> "Settings":
        """Take the settings from GetCrawler's answer. Raises CrawlError for what this stand-in can't do but AWS can."""
        name = crawler["Name"]
        targets = crawler["Targets"].get("S3Targets", [])
        beyond = [kind for kind, each in crawler["Targets"].items() if each and kind != "S3Targets"]
        beyond += [key for target in targets for key, value in target.items() if value and key != "Path"]
        beyond += ["Classifiers"] if crawler.get("Classifiers") else []
        recrawl = crawler.get("RecrawlPolicy", {}).get("RecrawlBehavior", "CRAWL_EVERYTHING")
        beyond += [] if recrawl in RECRAWLS else [recrawl]
        if beyond or not targets:
            raise CrawlError(
                f"Crawler {name} has what only AWS can crawl ({', '.join(beyond) or 'no S3 target'}): "
                "locally it takes S3 targets that are a path, and nothing else."
            )
        configuration = json.loads(crawler.get("Configuration") or "{}")
        output = configuration.get("CrawlerOutput", {})
        grouping = configuration.get("Grouping", {})
        policy = crawler.get("SchemaChangePolicy", {})
        only_new = recrawl == NEW_FOLDERS  # which forces both behaviours to LOG ("Scheduling incremental crawls")
        return cls(
            name=name,
            role_arn=crawler["Role"],
            database=crawler["DatabaseName"],
            targets=tuple(target["Path"].rstrip("/") + "/" for target in targets),
            table_prefix=crawler.get("TablePrefix", ""),
            recrawl=recrawl,
            update="LOG" if only_new else policy.get("UpdateBehavior", "UPDATE_IN_DATABASE"),
            delete="LOG" if only_new else policy.get("DeleteBehavior", "DEPRECATE_IN_DATABASE"),
            combine_compatible=grouping.get("TableGroupingPolicy") == "CombineCompatibleSchemas",
            table_level=grouping.get("TableLevelConfiguration"),
            partitions_inherit=output.get("Partitions", {}).get("AddOrUpdateBehavior") == "InheritFromTable",
            merge_new_columns=output.get("Tables", {}).get("AddOrUpdateBehavior") == "MergeNewColumns" and not only_new,
            partition_index=configuration.get("CreatePartitionIndex", True),
        )
