"""The command of `sales` that needs no pipeline: what a load would need and cost."""

from typing import Annotated

import typer

from sales_pipeline.cli.options import ReportFormat, finite
from sales_pipeline.plan.capacity import Load, PlanError

app = typer.Typer()


@app.command()
def plan(  # noqa: PLR0913
    *,
    orders_per_second: Annotated[float, typer.Option(metavar="N", callback=finite, help="Mean over a month.")],
    order_bytes: Annotated[
        int, typer.Option(metavar="BYTES", help="Size of an order in the table.")
    ] = Load.order_bytes,
    peak: Annotated[
        float,
        typer.Option(
            metavar="FACTOR",
            callback=finite,
            help="Orders in the busiest second, as a multiple of the mean (1 to 1000).",
        ),
    ] = Load.peak,
    shards: Annotated[
        int | None, typer.Option(metavar="N", help="ShardCount; by default as many as the busiest second needs.")
    ] = None,
    buffer_seconds: Annotated[
        int, typer.Option(metavar="SECONDS", help="BufferIntervalSeconds.")
    ] = Load.buffer_seconds,
    crawls_per_day: Annotated[
        float, typer.Option(metavar="N", callback=finite, help="Crawls per day by CrawlerSchedule; 0 for no crawler.")
    ] = Load.crawls_per_day,
    days: Annotated[
        int, typer.Option(metavar="N", help="Days of orders that the table and the bucket hold.")
    ] = Load.days,
    queries_per_day: Annotated[
        float, typer.Option(metavar="N", callback=finite, help="Queries of the table orders per day.")
    ] = Load.queries_per_day,
    query_days: Annotated[int, typer.Option(metavar="N", help="Days of rows that a query reads.")] = Load.query_days,
    view_queries_per_day: Annotated[
        float, typer.Option(metavar="N", callback=finite, help="Queries of sales_current per day; each reads all days.")
    ] = Load.view_queries_per_day,
    arm64: Annotated[
        bool, typer.Option("--arm64", help="Plan for functions on arm64: Architecture=arm64.")
    ] = Load.arm64,
    output: Annotated[ReportFormat, typer.Option("--format", help="How to print the plan.")] = ReportFormat.text,
) -> None:
    """Show what a load needs, its first limit, and its cost.

    The plan is computed from list prices and from quotas that AWS documents. It needs no AWS account.

    \b
    Examples:
      sales plan --orders-per-second 1000
      sales plan --orders-per-second 50 --order-bytes 2000 --format json
    """  # noqa: D301
    from sales_pipeline.plan import report as command  # noqa: PLC0415

    try:
        load = Load(
            orders_per_second=orders_per_second,
            order_bytes=order_bytes,
            peak=peak,
            shards=shards,
            buffer_seconds=buffer_seconds,
            crawls_per_day=crawls_per_day,
            days=days,
            queries_per_day=queries_per_day,
            query_days=query_days,
            view_queries_per_day=view_queries_per_day,
            arm64=arm64,
        )
    except PlanError as error:
        raise typer.BadParameter(str(error)) from None
    command.run(load, output.value)
