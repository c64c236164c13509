"""A crawl finds the table, and rows that arrive while it runs are not lost."""

from sales_pipeline import query
from tests.e2e.faults.pipeline import eventually


def test_objects_that_arrive_while_the_crawler_runs_are_in_its_table(pipeline):
    pipeline.put("before")
    pipeline.settle()
    glue = pipeline.client("glue")
    database, _, table = pipeline.stack["CrawledTable"].partition(".")
    with pipeline.proxy.hold("S3.GetObject") as crawling:
        glue.start_crawler(Name=pipeline.stack["CrawlerName"])
        crawling.wait()
        pipeline.put("meanwhile", price={"N": "349"})
        pipeline.settle()
    eventually(lambda: [each["Name"] for each in glue.get_tables(DatabaseName=database)["TableList"]], [table])
    sql = f"SELECT orderid, price FROM {database}.{table} ORDER BY orderid"  # noqa: S608
    assert query.ask(pipeline.stack, sql).rows == [("before", 2.5), ("meanwhile", 349.0)]
    assert pipeline.reconcile() == (0, {"verdict": "equal"})
